import type {
  OtelApi,
  OtelAttributes,
  OtelContext,
  OtelInstrumentOptions,
  OtelMeter,
  OtelSpan,
  OtelSpanOptions,
  OtelTracer,
} from "../../../src/adapters/otel.ts";

const spanKey = Symbol("span");

class RecordedContext implements OtelContext {
  readonly #values: ReadonlyMap<symbol, unknown>;

  constructor(values: ReadonlyMap<symbol, unknown> = new Map()) {
    this.#values = values;
  }

  getValue(key: symbol): unknown {
    return this.#values.get(key);
  }

  setValue(key: symbol, value: unknown): RecordedContext {
    return new RecordedContext(new Map([...this.#values, [key, value]]));
  }

  deleteValue(key: symbol): RecordedContext {
    return this.setValue(key, undefined);
  }
}

/** A span that keeps what it is told. */
export class RecordedSpan implements OtelSpan {
  readonly name: string;
  readonly parent: RecordedSpan | undefined;
  readonly startTime: number | undefined;
  readonly traceId: string;
  readonly attributes: Record<string, string | number | boolean>;
  readonly errors: { name: string; message: string }[] = [];
  readonly events: { name: string; attributes: OtelAttributes }[] = [];
  status: { code: number; message?: string } | undefined;
  ends = 0;
  /** How often it was told something after its end, which an SDK would drop. */
  late = 0;

  constructor(
    name: string,
    parent: RecordedSpan | undefined,
    options: OtelSpanOptions,
    traceId: string,
  ) {
    this.startTime = options.startTime;
    this.traceId = traceId;
    this.name = name;
    this.parent = parent;
    this.attributes = { ...options.attributes };
  }

  spanContext(): { traceId: string } {
    return { traceId: this.traceId };
  }

  setAttributes(attributes: OtelAttributes): void {
    this.late += this.ends;
    Object.assign(this.attributes, attributes);
  }

  setStatus(status: { code: number; message?: string }): void {
    this.late += this.ends;
    this.status = status;
  }

  recordException({ name, message }: { name: string; message: string }): void {
    this.late += this.ends;
    this.errors.push({ name, message });
  }

  addEvent(name: string, attributes: OtelAttributes): void {
    this.late += this.ends;
    this.events.push({ name, attributes });
  }

  end(): void {
    this.ends++;
  }
}

/** A value that a metric was told. */
export interface Measurement {
  readonly name: string;
  readonly value: number;
  readonly attributes: OtelAttributes;
}

/** An OpenTelemetry that keeps all it is told. Its active span is lost with the first `await`. */
export class OtelRecorder {
  /** Every span, in the order in which they began. */
  readonly spans: RecordedSpan[] = [];
  /** Every value. */
  readonly measurements: Measurement[] = [];
  /** The unit of each metric. */
  readonly units: Record<string, string> = {};
  readonly #traceId: string;
  #active: OtelContext = new RecordedContext();

  /** Makes one whose spans have this trace; zeros are that of no SDK. */
  constructor(traceId: string = "1".repeat(32)) {
    this.#traceId = traceId;
  }

  readonly api: OtelApi = {
    context: {
      active: () => this.#active,
      with: (context, call) => {
        const before = this.#active;
        this.#active = context;
        try {
          return call();
        } finally {
          this.#active = before;
        }
      },
    },
    trace: {
      setSpan: (context, span) => context.setValue(spanKey, span),
      getTracer: () => this.tracer,
    },
    metrics: { getMeter: () => this.meter },
  };

  readonly tracer: OtelTracer = {
    startSpan: (name, options, context) => {
      const parent = context.getValue(spanKey) as RecordedSpan | undefined;
      const span = new RecordedSpan(name, parent, options, this.#traceId);
      this.spans.push(span);
      return span;
    },
  };

  readonly meter: OtelMeter = {
    createCounter: (name, options) => ({ add: this.#taker(name, options) }),
    createUpDownCounter: (name, options) => ({ add: this.#taker(name, options) }),
    createHistogram: (name, options) => ({ record: this.#taker(name, options) }),
  };

  /** The span that is active. */
  get active(): RecordedSpan | undefined {
    return this.#active.getValue(spanKey) as RecordedSpan | undefined;
  }

  /** Spans of a name, or whose name begins so. */
  named(name: string): RecordedSpan[] {
    return this.spans.filter((span) => span.name.startsWith(name));
  }

  /** The sum of the values of a metric, by one of its attributes. */
  sums(name: string, by?: string): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const { value, attributes } of this.measurements.filter((one) => one.name === name)) {
      const key = by === undefined ? "all" : String(attributes[by]);
      sums[key] = (sums[key] ?? 0) + value;
    }
    return sums;
  }

  /** The values that a metric was told. */
  valuesOf(name: string): Measurement[] {
    return this.measurements.filter((measurement) => measurement.name === name);
  }

  #taker(
    name: string,
    { unit }: OtelInstrumentOptions,
  ): (value: number, attributes: OtelAttributes) => void {
    this.units[name] = unit;
    return (value, attributes) => void this.measurements.push({ name, value, attributes });
  }
}
