import type { Outcome, RunReport } from "../../report-types.ts";
import type {
  OtelAttributes,
  OtelCounter,
  OtelHistogram,
  OtelInstrumentOptions,
  OtelMeter,
} from "./otel-api.ts";

/** Outcome of an item, by its name in metrics. */
export type ItemOutcome = "loaded" | "skipped" | "dead_lettered" | "returned";

/** Seconds; those that the semantic conventions give for the duration of a request, and longer. */
const boundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

const nothing: OtelCounter & OtelHistogram = { add() {}, record() {} };
const noMeter: OtelMeter = {
  createCounter: () => nothing,
  createUpDownCounter: () => nothing,
  createHistogram: () => nothing,
};

/** The metrics of a pipeline. Attributes are made once, and not for each batch. */
export class Meters {
  /** True if there is a receiver of metrics. */
  readonly isTold: boolean;
  readonly #attributes: OtelAttributes;
  readonly #outcomes: Readonly<Record<ItemOutcome, OtelAttributes>>;
  readonly #items: OtelCounter;
  readonly #batches: OtelCounter;
  readonly #retries: OtelCounter;
  readonly #runs: OtelCounter;
  readonly #inFlight: OtelCounter;
  readonly #batchDuration: OtelHistogram;
  readonly #loadDuration: OtelHistogram;
  readonly #runDuration: OtelHistogram;

  /** Makes the metrics; without a meter, or an SDK under that of the API, nobody is told. */
  constructor(
    { own, ofApi }: {
      readonly own?: OtelMeter | undefined;
      readonly ofApi?: OtelMeter | undefined;
    },
    attributes: OtelAttributes,
  ) {
    const meter = own ?? ofApi ?? noMeter;
    const count = (unit: string, description: string) => ({ unit: `{${unit}}`, description });
    const seconds = (description: string): OtelInstrumentOptions => {
      const advice = { explicitBucketBoundaries: [...boundaries] };
      return { unit: "s", description, advice };
    };
    const outcome = (name: ItemOutcome) => ({ ...attributes, "millrace.outcome": name });
    this.#attributes = attributes;
    this.#outcomes = {
      loaded: outcome("loaded"),
      skipped: outcome("skipped"),
      dead_lettered: outcome("dead_lettered"),
      returned: outcome("returned"),
    };
    this.#items = meter.createCounter("millrace.items", count("item", "Items that are done."));
    this.#batches = meter.createCounter(
      "millrace.batches",
      count("batch", "Loads that have succeeded."),
    );
    this.#retries = meter.createCounter(
      "millrace.retries",
      count("retry", "Calls made again after a failure."),
    );
    // Without an SDK the API gives one and the same counter for everything.
    this.isTold = own !== undefined || this.#items !== this.#retries;
    this.#runs = meter.createCounter("millrace.runs", count("run", "Runs that are over."));
    this.#inFlight = meter.createUpDownCounter(
      "millrace.in_flight",
      count("load", "Loads that are running."),
    );
    this.#batchDuration = meter.createHistogram(
      "millrace.batch.duration",
      seconds("Time of a batch from the bucket to the end of its load."),
    );
    this.#loadDuration = meter.createHistogram(
      "millrace.load.duration",
      seconds("Time of one call of load."),
    );
    this.#runDuration = meter.createHistogram(
      "millrace.run.duration",
      seconds("Time of a run."),
    );
  }

  /** Counts items; zero items are not a measurement. */
  items(outcome: ItemOutcome, count: number): void {
    if (count > 0) this.#items.add(count, this.#outcomes[outcome]);
  }

  /** Counts loads that have succeeded. */
  batches(count: number): void {
    if (count > 0) this.#batches.add(count, this.#attributes);
  }

  /** A batch is finished after so many milliseconds. */
  batch(duration: number): void {
    this.#batchDuration.record(duration / 1000, this.#attributes);
  }

  /** A load begins. */
  loadBegins(): void {
    this.#inFlight.add(1, this.#attributes);
  }

  /** A load has ended after so many milliseconds, with an error of this type if it failed. */
  loadEnds(duration: number, errorType: string | undefined): void {
    this.#inFlight.add(-1, this.#attributes);
    const attributes = errorType === undefined
      ? this.#attributes
      : { ...this.#attributes, "error.type": errorType };
    this.#loadDuration.record(duration / 1000, attributes);
  }

  /** A call is made again. */
  retry(stage: "transform" | "load", errorType: string): void {
    const attributes = { "millrace.stage": stage, "error.type": errorType };
    this.#retries.add(1, { ...this.#attributes, ...attributes });
  }

  /** A run is over. */
  run({ outcome, duration }: { outcome: Outcome; duration: RunReport["duration"] }): void {
    const attributes = { ...this.#attributes, "millrace.outcome": outcome };
    this.#runs.add(1, attributes);
    this.#runDuration.record(duration / 1000, attributes);
  }
}
