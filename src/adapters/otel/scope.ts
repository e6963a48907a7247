import { isOf, messageOf, propertyOf } from "../../errors.ts";
import type { OtelApi, OtelAttributes, OtelContext, OtelSpan, OtelTracer } from "./otel-api.ts";

/** Failure of a span. */
export interface Failure {
  /** The message of the error. */
  readonly message: string;
  /** The kind of the error. */
  readonly type: string;
}

/** An error, as a span that fails with it is told. */
export function failureOf(error: unknown): Failure {
  return { message: messageOf(error), type: typeOf(error) };
}

/** An activity: a run, a batch or a load. With a tracer it is a span, otherwise nothing. */
export interface Scope {
  /** True if there is a receiver: if not, attributes need not be made. */
  readonly isTold: boolean;
  /** Begins what is part of it; `age` is for how long it has gone on already, in milliseconds. */
  child(name: string, attributes: OtelAttributes, age?: number): Scope;
  /** Calls with it as the active span. */
  run<R>(call: () => R): R;
  /** Records an event. */
  event(name: string, attributes: OtelAttributes): void;
  /** Records an error, unless it has ended; returns true if it did record it. */
  record(error: unknown): boolean;
  /** Sets attributes. */
  describe(attributes: OtelAttributes): void;
  /** Ends it, as failed if there is a `failure`. A second time does nothing. */
  end(failure?: Failure): void;
}

/** The scope without a receiver. */
export const noScope: Scope = Object.freeze({
  isTold: false,
  child: () => noScope,
  run: <R>(call: () => R) => call(),
  event: () => {},
  record: () => false,
  describe: () => {},
  end: () => {},
});

const failed = 2; // `SpanStatusCode.ERROR`
const nobody = "0".repeat(32); // The trace of a span that no SDK has made.

/** Begins spans. */
export class Tracing {
  /** Knows contexts. */
  readonly api: OtelApi;
  /** Makes spans. */
  readonly tracer: OtelTracer;

  /** Joins a tracer to what knows its contexts. */
  constructor(api: OtelApi, tracer: OtelTracer) {
    this.api = api;
    this.tracer = tracer;
  }

  /** Begins a span below the one that is active. Where no SDK makes it, there will be none below. */
  begin(name: string, attributes: OtelAttributes): Scope {
    const scope = new SpanScope(this, this.api.context.active(), name, { attributes });
    return scope.isOfNobody ? noScope : scope;
  }
}

class SpanScope implements Scope {
  readonly isTold = true;
  readonly #tracing: Tracing;
  readonly #span: OtelSpan;
  readonly #context: OtelContext;
  #isEnded = false;

  constructor(
    tracing: Tracing,
    parent: OtelContext,
    name: string,
    options: { attributes: OtelAttributes; startTime?: number },
  ) {
    this.#tracing = tracing;
    this.#span = tracing.tracer.startSpan(name, options, parent);
    this.#context = tracing.api.trace.setSpan(parent, this.#span);
  }

  /** No SDK has made it. */
  get isOfNobody(): boolean {
    return this.#span.spanContext().traceId === nobody;
  }

  child(name: string, attributes: OtelAttributes, age?: number): Scope {
    const options = age === undefined
      ? { attributes }
      : { attributes, startTime: Date.now() - age };
    return new SpanScope(this.#tracing, this.#context, name, options);
  }

  run<R>(call: () => R): R {
    return this.#tracing.api.context.with(this.#context, call);
  }

  event(name: string, attributes: OtelAttributes): void {
    if (!this.#isEnded) this.#span.addEvent(name, attributes);
  }

  record(error: unknown): boolean {
    if (!this.#isEnded) this.#span.recordException(exceptionOf(error));
    return !this.#isEnded;
  }

  describe(attributes: OtelAttributes): void {
    if (!this.#isEnded) this.#span.setAttributes(attributes);
  }

  end(failure?: Failure): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (failure !== undefined) {
      this.#span.setAttributes({ "error.type": failure.type });
      this.#span.setStatus({ code: failed, message: failure.message });
    }
    this.#span.end();
  }
}

/** Of an error only what is told: an SDK would take the number of a `DOMException` for its type. */
function exceptionOf(error: unknown): { name: string; message: string; stack?: string } {
  const { name, message } = { name: nameOf(error), message: messageOf(error) };
  const stack = isOf(error, Error) ? error.stack : undefined;
  return stack === undefined ? { name, message } : { name, message, stack };
}

/** The kind of an error: its code, else its name. */
export function typeOf(error: unknown): string {
  const code = propertyOf(error, "code");
  return typeof code === "string" && code !== "" ? code : nameOf(error);
}

function nameOf(error: unknown): string {
  const name = propertyOf(error, "name");
  return typeof name === "string" && name !== "" ? name : "_OTHER";
}
