/**
 * Parts of `@opentelemetry/api` that are used.
 * @module
 */

/** Attributes of spans and of metrics. */
export type OtelAttributes = Readonly<Record<string, string | number | boolean>>;

/** A `Context`, which a trace continues from. */
export interface OtelContext {
  /** Returns a value of the context. */
  getValue(key: symbol): unknown;
  /** Returns a context with one more value. */
  setValue(key: symbol, value: unknown): OtelContext;
  /** Returns a context with one value less. */
  deleteValue(key: symbol): OtelContext;
}

/** Options of a new span. */
export interface OtelSpanOptions {
  /** Its attributes. */
  readonly attributes?: OtelAttributes;
  /** Its start, if not now, in milliseconds since 1970. */
  readonly startTime?: number;
}

/** A `Span`. */
export interface OtelSpan {
  /** Returns the identity of the span. */
  spanContext(): { readonly traceId: string };
  /** Adds attributes. */
  setAttributes(attributes: OtelAttributes): unknown;
  /** Sets its status. */
  setStatus(status: { code: number; message?: string }): unknown;
  /** Adds an error. */
  recordException(error: { name: string; message: string; stack?: string }): void;
  /** Adds an event. */
  addEvent(name: string, attributes: OtelAttributes): unknown;
  /** Ends it. */
  end(): void;
}

/** A `Tracer`. */
export interface OtelTracer {
  /** Starts a span as a child of the span in the context. */
  startSpan(name: string, options: OtelSpanOptions, context: OtelContext): OtelSpan;
}

/** A `Counter` or an `UpDownCounter`. */
export interface OtelCounter {
  /** Adds to the counter. */
  add(value: number, attributes: OtelAttributes): void;
}

/** A `Histogram`. */
export interface OtelHistogram {
  /** Records a value. */
  record(value: number, attributes: OtelAttributes): void;
}

/** Options of a metric. */
export interface OtelInstrumentOptions {
  /** Description, in one sentence. */
  description: string;
  /** Unit, in UCUM notation. */
  unit: string;
  /** Bounds of the buckets of a histogram. */
  advice?: { explicitBucketBoundaries: number[] };
}

/** A `Meter`. */
export interface OtelMeter {
  /** Creates a counter that only counts up. */
  createCounter(name: string, options: OtelInstrumentOptions): OtelCounter;
  /** Creates a counter that counts up and down. */
  createUpDownCounter(name: string, options: OtelInstrumentOptions): OtelCounter;
  /** Creates a histogram of values. */
  createHistogram(name: string, options: OtelInstrumentOptions): OtelHistogram;
}

/** The parts of the module `@opentelemetry/api` that are used. */
export interface OtelApi {
  /** Access to the active context. */
  readonly context: {
    /** Returns the active context. */
    active(): OtelContext;
    /** Calls a function with this context as the active one. */
    with<R>(context: OtelContext, call: () => R): R;
  };
  /** Access to spans and tracers. */
  readonly trace: {
    /** Returns a context with a span. */
    setSpan(context: OtelContext, span: OtelSpan): OtelContext;
    /** Returns a tracer, if none is passed in. */
    getTracer?(name: string): OtelTracer;
  };
  /** Access to meters. */
  readonly metrics?: {
    /** Returns a meter, if none is passed in. */
    getMeter(name: string): OtelMeter;
  };
}
