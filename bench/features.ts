// What does each feature cost when it is enabled?
//   npm run bench -- features
import * as api from "@opentelemetry/api";
import { etl, MemoryCheckpointStore } from "./harness/library.ts";
import { checkSum, type Item, itemStream } from "./harness/sources.ts";
import type * as Otel from "../src/adapters/otel.ts";
import type { Etl } from "../src/etl/etl.ts";
import type { Pipeline } from "../src/pipeline/pipeline.ts";
import type { Run } from "../src/run/run.ts";
import type { RunOptions } from "../src/pipeline/run-options.ts";
import type { Comparison, Question, Variant } from "./harness/question.ts";

const built = new URL("./dist/adapters/otel.js", import.meta.url).href;
const { instrument }: typeof Otel = await import(built);
const OFTEN = 10; // ms. This is a hundred times as often as the default.

/** A feature that is added to a plain run. */
interface Feature {
  readonly title: string;
  readonly options?: () => RunOptions<Item>;
  readonly members?: Partial<Pipeline<Item>>;
  readonly wrap?: (pipeline: Etl<Item>) => Etl<Item>;
  /** Called with the run. Returns a function that ends the watching. */
  readonly watch?: (run: Run) => () => void;
}

const plain: Feature = { title: "plain", options: () => ({ timeout: Infinity }) };
const withTimer: Feature = { title: "timer" };
const withSignal: Feature = {
  title: "signal",
  options: () => ({ signal: new AbortController().signal }),
};
const withProgress: Feature = {
  title: "onProgress every 10 ms",
  options: () => ({ onProgress: () => {}, progressInterval: OFTEN }),
};
const withPolling: Feature = {
  title: "snapshot() every 10 ms",
  watch: (run) => {
    const timer = setInterval(() => run.snapshot(), OFTEN);
    return () => clearInterval(timer);
  },
};
const withProgressStream: Feature = {
  title: "progress() read every 10 ms",
  watch: (run) => {
    const stop = run.progress({ interval: OFTEN }).pipeTo(new WritableStream());
    stop.catch(() => {});
    return () => {};
  },
};
const withSizes: Feature = {
  title: "maxBytes and sizeOf",
  options: () => ({ maxBytes: 1e6, sizeOf: () => 16 }),
};
const withFlushWhen: Feature = {
  title: "flushWhen",
  options: () => ({ flushWhen: () => false }),
};
const withHooks: Feature = {
  title: "preProcess, postProcess, finalize",
  members: { preProcess() {}, postProcess() {}, finalize() {} },
};
const withObserver: Feature = { title: "observer", options: () => ({ observer: () => {} }) };
const withTrace: Feature = { title: "trace", options: () => ({ trace: true }) };
const withRetry: Feature = { title: "retry", options: () => ({ retry: { maxAttempts: 3 } }) };
const withDeadLetters: Feature = {
  title: "deadLetters",
  options: () => ({ deadLetters: new WritableStream() }),
};
const withCheckpoints: Feature = {
  title: "checkpoints to memory",
  options: () => ({ checkpoints: new MemoryCheckpointStore() }),
};
const withRateLimit: Feature = {
  title: "rateLimit that holds nothing back",
  options: () => ({ rateLimit: { limit: 1e9, interval: 1000 } }),
};
const withOtel: Feature = {
  title: "OpenTelemetry, the API alone",
  wrap: (pipeline) => instrument(pipeline, { api }),
};
const singles = [
  withTimer,
  withSignal,
  withProgress,
  withPolling,
  withProgressStream,
  withSizes,
  withFlushWhen,
  withHooks,
  withObserver,
  withOtel,
  withTrace,
  withRetry,
  withDeadLetters,
  withCheckpoints,
  withRateLimit,
];
const withMetrics: Feature = {
  title: "retries, checkpoints to memory and metrics together",
  options: () => ({
    ...withRetry.options!(),
    ...withCheckpoints.options!(),
    ...withSignal.options!(),
    ...withProgress.options!(),
  }),
  members: withHooks.members!,
  watch: withPolling.watch!,
};
const features = [plain, ...singles, withMetrics];

function variantOf(feature: Feature): Variant {
  return {
    items: 2_000_000,
    prepare: (items) => async () => {
      let sum = 0;
      const pipeline = etl<Item, Item>({
        name: "features",
        extract: () => itemStream(items),
        transform: (item) => ({ id: item.id }),
        load: async (rows) => {
          for (const row of rows) sum += row.id;
        },
        ...feature.members,
      }, { batchSize: 100, workers: 4 });
      const run = (feature.wrap?.(pipeline) ?? pipeline).start(feature.options?.() ?? {});
      const stop = feature.watch?.(run);
      await run.finished;
      stop?.();
      checkSum(sum, items);
    },
  };
}

export const question: Question = {
  title: "What each feature costs",
  method:
    "Items per second with the feature, divided by those of a plain run without it. All runs have " +
    "a per-item ReadableStream, batches of 100 and 4 workers. Only the plain run has no timer.",
  times: 3,
  variants: Object.fromEntries(features.map((feature) => [feature.title, variantOf(feature)])),
  comparisons: [
    { title: "timer against no timer", variant: withTimer.title, against: plain.title },
    ...singles.slice(1).map(({ title }): Comparison => ({
      title: `${title} against a run with the timer alone`,
      variant: title,
      against: withTimer.title,
      ...(title === withOtel.title && { atLeast: 0.95 }),
    })),
    {
      title: "retries, checkpoints to memory, metrics all on against a run with the timer alone",
      variant: withMetrics.title,
      against: withTimer.title,
      atLeast: 0.9,
    },
  ],
};
