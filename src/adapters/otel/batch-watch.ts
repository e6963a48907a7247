import type { BatchInfo, LoadContext } from "../../pipeline/pipeline.ts";
import { isThenable } from "../../runtime/thenable.ts";
import type { Meters } from "./meters.ts";
import type { OtelAttributes } from "./otel-api.ts";
import { type Failure, failureOf, noScope, type Scope, typeOf } from "./scope.ts";

/** Owner of the watch of a batch. */
export interface BatchListener {
  /** Metrics to record to. */
  readonly meters: Meters;
  /** True if no further call begins: failures are then not retried. */
  readonly isStopping: boolean;
  /** Scope that the batch is part of. */
  readonly scope: Scope;
  /** Attributes of every span. */
  readonly attributes: OtelAttributes;
  /** Adds an error to a span, unless another one has it. */
  record(error: unknown, scope: Scope): void;
}

/** Identity of a batch: its items of the source. */
type BatchId = Pick<BatchInfo, "sequence" | "offset" | "size">;

/** A load that runs. */
interface Load {
  readonly scope: Scope;
  readonly begun: number;
  readonly signal: AbortSignal;
}

/** Watches one batch from its first load on. Its loads come one after the other. */
export class BatchWatch {
  /** Loads that have succeeded. */
  loads = 0;
  /** The span of the batch, once its load has begun. */
  scope: Scope = noScope;
  readonly #listener: BatchListener;
  #isBegun = false;
  #load: Load | undefined;
  #failure: Failure | undefined; // Of the last load, if it failed.

  /** Makes the watch of a batch; its span begins with its first load. */
  constructor(listener: BatchListener) {
    this.#listener = listener;
  }

  /** No load is running. */
  get isIdle(): boolean {
    return this.#load === undefined;
  }

  /** Begins its span, if it has not begun; `age` is for how long the batch is on its way, in ms. */
  begin(batch: BatchId, age?: number): void {
    if (this.#isBegun) return;
    this.#isBegun = true;
    const { scope, attributes } = this.#listener;
    if (!scope.isTold) return;
    const name = `batch ${attributes["millrace.pipeline"]}`;
    this.scope = scope.child(name, attributesOf(batch, attributes), age);
  }

  /** Calls a load for so many rows, as the active span. */
  call(rows: number, context: LoadContext, call: () => unknown): unknown {
    const load = this.#beginLoad(rows, context);
    let result: unknown;
    try {
      result = load.scope.run(() => {
        const result = call();
        // Some thenables start to work each time they are awaited.
        return isThenable(result) ? Promise.resolve(result) : result;
      });
    } catch (error) {
      this.#fail(load, error);
      throw error;
    }
    if (result instanceof Promise) {
      result.then(() => this.#succeed(load), (error) => this.#fail(load, error));
    } else {
      this.#succeed(load);
    }
    return result;
  }

  /** Nobody waits for the load that runs: it took too long. */
  leave(): void {
    const load = this.#load;
    if (load === undefined) return;
    const { aborted, reason } = load.signal;
    this.#fail(load, aborted ? reason : new Error("The call was abandoned"));
  }

  /** The batch is over. */
  end(): void {
    this.leave();
    this.scope.end(this.#failure);
  }

  #beginLoad(rows: number, { batch, signal }: LoadContext): Load {
    const { meters, attributes } = this.#listener;
    this.leave();
    this.begin(batch); // The first load is always for the whole batch.
    const scope = !this.scope.isTold
      ? noScope
      : this.scope.child(`load ${attributes["millrace.pipeline"]}`, {
        ...attributesOf(batch, attributes),
        "millrace.load.attempt": batch.attempt,
        "millrace.load.rows": rows,
      });
    meters.loadBegins();
    return this.#load = { scope, begun: performance.now(), signal };
  }

  #succeed(load: Load): void {
    if (load !== this.#load) return; // It was left.
    // After its deadline a call has failed, whatever it gives.
    if (load.signal.aborted && !this.#listener.isStopping) return this.leave();
    this.#load = undefined;
    this.#failure = undefined;
    this.loads++;
    load.scope.end();
    this.#listener.meters.loadEnds(performance.now() - load.begun, undefined);
  }

  #fail(load: Load, error: unknown): void {
    if (load !== this.#load) return;
    this.#load = undefined;
    this.#failure = failureOf(error);
    this.#listener.record(error, load.scope);
    load.scope.end(this.#failure);
    this.#listener.meters.loadEnds(performance.now() - load.begun, typeOf(error));
    if (this.#listener.isStopping) this.end();
  }
}

function attributesOf(
  { sequence, offset, size }: BatchId,
  attributes: OtelAttributes,
): OtelAttributes {
  return {
    ...attributes,
    "millrace.batch.sequence": sequence,
    "millrace.batch.offset": offset,
    "millrace.batch.size": size,
  };
}
