// How fast are the five scenarios of etl-rust 0.1.0's own benchmark?
//   npm run bench -- seed
import { etl, EtlManager } from "./harness/library.ts";
import { mockRecord, type NestedRecord, type Summary, summaryOf } from "./harness/mock-record.ts";
import type { Comparison, Question, Variant } from "./harness/question.ts";

/** One setting of a scenario, and the original's published number: thousands of records/s. */
interface Scenario {
  readonly title: string;
  readonly records: number;
  readonly batchSize: number;
  readonly workers: number;
  readonly pipelines?: number;
  readonly isCopied?: boolean;
  readonly published?: number;
}

const basic = { records: 1000, batchSize: 100, workers: 4 };
const optimal = { ...basic, records: 5000, batchSize: 500, workers: 8 };

const scenarios: readonly Scenario[] = [
  { title: "batch size 10", ...basic, batchSize: 10, published: 45.2 },
  { title: "batch size 50", ...basic, batchSize: 50, published: 45.6 },
  { title: "batch size 100", ...basic, published: 44.6 },
  { title: "batch size 500", ...basic, batchSize: 500, published: 35.8 },
  { title: "1 worker", ...basic, workers: 1, published: 28.7 },
  { title: "2 workers", ...basic, workers: 2, published: 42.6 },
  { title: "4 workers", ...basic, workers: 4, published: 42.8 },
  { title: "8 workers", ...basic, workers: 8, published: 45.9 },
  { title: "100 records", ...basic, records: 100, published: 41.6 },
  { title: "500 records", ...basic, records: 500, published: 42.8 },
  { title: "1000 records", ...basic, records: 1000, published: 45.5 },
  { title: "2000 records", ...basic, records: 2000, published: 47.8 },
  { title: "1 pipeline of 500 records", ...basic, records: 500, pipelines: 1, published: 43.1 },
  { title: "2 pipelines of 500 records", ...basic, records: 500, pipelines: 2, published: 57.8 },
  { title: "4 pipelines of 500 records", ...basic, records: 500, pipelines: 4, published: 69.9 },
  { title: "optimal: batch 500, 8 workers, 5000 records", ...optimal, published: 39 },
  { title: "optimal, each record copied by structuredClone", ...optimal, isCopied: true },
];

/** Yields the one record repeatedly: by reference, or a new copy each time. */
function* records({ records, isCopied }: Scenario): Generator<NestedRecord> {
  for (let n = 0; n < records; n++) yield isCopied ? structuredClone(mockRecord) : mockRecord;
}

/** Runs a scenario once, and returns the number of records loaded. */
async function runOnce(scenario: Scenario): Promise<number> {
  const { batchSize, workers, pipelines } = scenario;
  let loaded = 0;
  const make = (name: string) =>
    etl({
      name,
      extract: () => records(scenario),
      transform: (record): Summary => summaryOf(record),
      load: async (summaries) => void (loaded += summaries.length),
    }, { batchSize, workers });
  if (pipelines === undefined) {
    await make("seed").run();
    return loaded;
  }
  const manager = new EtlManager({ workers: pipelines });
  for (let n = 0; n < pipelines; n++) manager.add(make(`seed ${n}`));
  await manager.runAll();
  return loaded;
}

/** A scenario takes a millisecond, so it is repeated with a new run each time, as in criterion. */
function variantOf(scenario: Scenario): Variant {
  const perRun = scenario.records * (scenario.pipelines ?? 1);
  return {
    items: scenario.isCopied ? 10_000 : 1_000_000,
    prepare: (items) => async () => {
      const runs = Math.max(1, Math.round(items / perRun));
      const start = performance.now();
      for (let run = 0; run < runs; run++) {
        const loaded = await runOnce(scenario);
        if (loaded !== perRun) throw new Error(`${loaded} of ${perRun} records were loaded`);
      }
      return { thousandsPerSecond: (runs * perRun) / (performance.now() - start) };
    },
  };
}

export const question: Question = {
  title: "The scenarios of etl-rust 0.1.0",
  method:
    "Thousands of records per second, with the original's parameters and a nested record of about " +
    "50 KB, beside the numbers that the original published. Those were measured elsewhere (8-core " +
    "Mac, Rust 1.83, November 2025), so there are no ratios. A run copies no items: the record is " +
    "built once and passed by reference. The original clones each record. To compare like with " +
    "like, see the last row, with a `structuredClone` of every record.",
  variants: Object.fromEntries(scenarios.map((scenario) => [scenario.title, variantOf(scenario)])),
  comparisons: scenarios.map(({ title, published }): Comparison => ({
    title,
    variant: title,
    measure: "thousandsPerSecond",
    unit: "K/s",
    ...(published === undefined ? {} : { note: `etl-rust, elsewhere: ${published} K/s` }),
  })),
};
