import { describe, expect, it } from "vitest";
import {
  type DeadLetter,
  etl,
  EtlManager,
  MemoryCheckpointStore,
  replay,
  type RunOptions,
} from "../../../src/index.ts";
import { sinkLoads } from "../../../src/checkpoints/sink-loads.ts";
import { instrument } from "../../../src/adapters/otel.ts";
import { OtelRecorder } from "../../support/otel/recorder.ts";

/** A pipeline whose load asks for batches of three, and the sizes of what it is given. */
function recorded(defaults: RunOptions<number> = {}) {
  const sizes: number[] = [];
  const load = Object.assign((rows: number[]) => void sizes.push(rows.length), { batchSize: 3 });
  return { sizes, etl: etl({ name: "n", extract: () => [1, 2, 3, 4], load }, defaults) };
}

describe("the batchSize of a load", () => {
  it.each<[string, RunOptions<number>, RunOptions<number>, number[]]>([
    ["holds where no option says another", {}, {}, [3, 1]],
    ["gives way to a default of the pipeline", { batchSize: 2 }, {}, [2, 2]],
    ["gives way to an option of the run", { batchSize: 2 }, { batchSize: 4 }, [4]],
    ["is cut to a rate limit", {}, { rateLimit: { limit: 2, interval: 1 } }, [2, 2]],
    ["is no limit beside flushWhen", {}, { flushWhen: (n) => n === 4 }, [4]],
    ["is no limit beside maxBytes", {}, { maxBytes: 9, sizeOf: () => 1 }, [4]],
  ])("%s", async (_, defaults, options, expected) => {
    const { sizes, etl } = recorded(defaults);
    await etl.run(options);
    expect(sizes).toEqual(expected);
  });

  it("gives way to an option of a manager", async () => {
    const { sizes, etl } = recorded();
    await new EtlManager({ batchSize: 4 }).add(etl).runAll();
    await new EtlManager().add(etl).runAll();
    expect(sizes).toEqual([4, 3, 1]);
  });

  it("holds in a replay and under OpenTelemetry", async () => {
    const { sizes, etl } = recorded();
    const letters = [1, 2, 3, 4].map((item): DeadLetter<number> => ({
      ...{ item, stage: "transform", error: "no", attempts: 1, offset: item, at: 0 },
      ...{ pipeline: "n", runId: "1" },
    }));
    await replay(letters, etl).run();
    await instrument(etl, { api: new OtelRecorder().api }).run();
    expect(sizes).toEqual([3, 1, 3, 1]);
  });

  it("is 1000 for the loads of a sink", () => {
    const { load, wrap } = sinkLoads(new MemoryCheckpointStore(), () => () => {});
    expect([load.batchSize, wrap(() => {}).batchSize]).toEqual([1000, 1000]);
  });
});
