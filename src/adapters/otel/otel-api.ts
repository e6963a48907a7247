/**
 * Parts of `@opentelemetry/api` that are used.
 * @module
 */

/** Attributes of spans and of metrics. */
export type OtelAttributes = Readonly<Record<string, string | number | boolean>>;

/** A `Context`, from which a trace continues. */
export interface OtelContext {
  /** A value that it carries. */
  getValue(key: symbol): unknown;
  /** A context with one more value. */
  setValue(key: symbol, value: unknown): OtelContext;
  /** A context with one value less. */
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
  /** Returns its identity. */
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

/** Options of a metric. */
export interface OtelInstrumentOptions {
  /** Its meaning, in a sentence. */
  description: string;
  /** Its unit, by UCUM. */
  unit: string;
  /** Bounds of the buckets of a histogram. */
  advice?: { explicitBucketBoundaries: number[] };
}

/** A `Meter`. */
export interface OtelMeter {
  /** Makes a counter that only counts up. */
  createCounter(name: string, options: OtelInstrumentOptions): OtelCounter;
  /** Makes a counter that counts up and down. */
  createUpDownCounter(name: string, options: OtelInstrumentOptions): OtelCounter;
  /** Makes a histogram of values. */
  createHistogram(name: string, options: OtelInstrumentOptions): OtelHistogram;
}

/** The module `@opentelemetry/api`, or the parts of it that are used. */
export interface OtelApi {
  /** Access to the active context. */
  readonly context: {
    /** The active context. */
    active(): OtelContext;
    /** Calls with this context as the active one. */
    with<R>(context: OtelContext, call: () => R): R;
  };
  /** Access to spans and tracers. */
  readonly trace: {
    /** A context with a span. */
    setSpan(context: OtelContext, span: OtelSpan): OtelContext;
    /** Gives a tracer, where none is handed in. */
    getTracer?(name: string): OtelTracer;
  };
  /** Access to meters. */
  readonly metrics?: {
    /** Gives a meter, where none is handed in. */
    getMeter(name: string): OtelMeter;
  };
}
