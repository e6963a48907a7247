import { describe, expect, it } from "vitest";
import { commitsTo } from "../../src/checkpoints/checkpoint.ts";
import {
  ConfigurationError,
  describeGuarantee,
  Etl,
  etl,
  MemoryCheckpointStore,
} from "../../src/index.ts";

const own = new MemoryCheckpointStore();
const declared = Object.assign(() => {}, { [commitsTo]: own });
const numbers = { name: "numbers", extract: () => [1, 2, 3], load: (_: number[]) => {} };

describe("etl()", () => {
  it("returns a pipeline with its name, its functions and a copy of its defaults", () => {
    const defaults = { batchSize: 2 };
    const pipeline = etl(numbers, defaults);
    expect(pipeline).toBeInstanceOf(Etl);
    expect([pipeline.name, pipeline.pipeline]).toEqual(["numbers", numbers]);
    defaults.batchSize = 3;
    expect(pipeline.defaults).toEqual({ batchSize: 2 });
  });

  it("runs any number of times, also at once, each run with its own options", async () => {
    const pipeline = etl(numbers, { batchSize: 2 });
    const reports = await Promise.all([pipeline.run(), pipeline.run({ batchSize: 1 })]);
    expect(reports.map(({ loaded, batches }) => [loaded, batches])).toEqual([[3, 2], [3, 3]]);
    expect(reports[0]!.runId).not.toBe(reports[1]!.runId);
  });

  it("run() rejects for an unknown option, where start() throws", async () => {
    const options = { workerz: 2 } as object;
    const rule = "'workerz' must be a known option, perhaps 'workers': current value is 2";
    const error = new ConfigurationError(`Cannot run pipeline "numbers" as ${rule}`);
    const rejected = etl(numbers).run(options); // It does not throw.
    await expect(rejected).rejects.toEqual(error);
    expect(() => etl(numbers).start(options)).toThrow(error);
  });
});

describe("Etl.describe()", () => {
  it("takes an undefined option from the defaults, as a run does", () => {
    const pipeline = etl({ ...numbers, load: declared }, { checkpoints: own });
    const options = { checkpoints: undefined, resume: undefined };
    expect(pipeline.describe(options).guarantee).toBe("effectively-once");
  });

  it("throws what a run would throw, in its own words", () => {
    const pipeline = etl(numbers);
    const rule = "'workers' must be a positive integer: current value is 0";
    const words = `Cannot describe pipeline "numbers" as ${rule}`;
    expect(() => pipeline.describe({ workers: 0 })).toThrow(new ConfigurationError(words));
    expect(() => describeGuarantee(pipeline.pipeline, { workers: 0 })).toThrow(
      new ConfigurationError(words),
    );
  });
});
