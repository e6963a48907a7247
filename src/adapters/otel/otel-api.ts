/**
 * What is used of `@opentelemetry/api`.
 * @module
 */

/** Attributes of spans and of metrics. */
export type OtelAttributes = Readonly<Record<string, string | number | boolean>>;

/** What a trace goes on from: a `Context`. */
export interface OtelContext {
  /** A value that it carries. */
  getValue(key: symbol): unknown;
  /** A context with one more value. */
  setValue(key: symbol, value: unknown): OtelContext;
  /** A context with one value less. */
  deleteValue(key: symbol): OtelContext;
}

/** How a span begins. */
export interface OtelSpanOptions {
  /** What is known of it. */
  readonly attributes?: OtelAttributes;
  /** When it began, if not now: milliseconds since 1970. */
  readonly startTime?: number;
}

/** A `Span`. */
export interface OtelSpan {
  /** What tells it apart. */
  spanContext(): { readonly traceId: string };
  /** Adds what is known of it. */
  setAttributes(attributes: OtelAttributes): unknown;
  /** Tells whether it succeeded. */
  setStatus(status: { code: number; message?: string }): unknown;
  /** Adds an error. */
  recordException(error: { name: string; message: string; stack?: string }): void;
  /** Adds what happened. */
  addEvent(name: string, attributes: OtelAttributes): unknown;
  /** Ends it. */
  end(): void;
}

/** A `Tracer`. */
export interface OtelTracer {
  /** Begins a span below that of the context. */
  startSpan(name: string, options: OtelSpanOptions, context: OtelContext): OtelSpan;
}

/** A `Counter` or an `UpDownCounter`. */
export interface OtelCounter {
  /** Counts. */
  add(value: number, attributes: OtelAttributes): void;
}

/** A `Histogram`. */
export interface OtelHistogram {
  /** Takes a value. */
  record(value: number, attributes: OtelAttributes): void;
}

/** What a metric is. */
export interface OtelInstrumentOptions {
  /** In a sentence. */
  description: string;
  /** By UCUM. */
  unit: string;
  /** Where the buckets of a histogram end. */
  advice?: { explicitBucketBoundaries: number[] };
}

/** A `Meter`. */
export interface OtelMeter {
  /** Makes what only counts up. */
  createCounter(name: string, options: OtelInstrumentOptions): OtelCounter;
  /** Makes what counts up and down. */
  createUpDownCounter(name: string, options: OtelInstrumentOptions): OtelCounter;
  /** Makes what keeps how values are spread. */
  createHistogram(name: string, options: OtelInstrumentOptions): OtelHistogram;
}

/** The module `@opentelemetry/api`, or what is used of it. */
export interface OtelApi {
  /** What is active. */
  readonly context: {
    /** The active context. */
    active(): OtelContext;
    /** Calls with this context as the active one. */
    with<R>(context: OtelContext, call: () => R): R;
  };
  /** What knows spans. */
  readonly trace: {
    /** A context with a span. */
    setSpan(context: OtelContext, span: OtelSpan): OtelContext;
    /** Gives a tracer, where none is handed in. */
    getTracer?(name: string): OtelTracer;
  };
  /** What knows metrics. */
  readonly metrics?: {
    /** Gives a meter, where none is handed in. */
    getMeter(name: string): OtelMeter;
  };
}
