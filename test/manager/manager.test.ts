import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ConfigurationError } from "../../src/errors.ts";
import { type Etl, etl } from "../../src/etl/etl.ts";
import { EtlManager, type ManagerOptions } from "../../src/manager/manager.ts";
import type { RunOptions } from "../../src/pipeline/run-options.ts";
import { Gates } from "../support/streams/gates.ts";
import { outcomeOf, settle } from "../support/outcomes/outcome.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("EtlManager", () => {
  it("reports pipelines in the order in which they were added, whichever ends first", async () => {
    const gates = new Gates();
    const manager = new EtlManager().add(gates.pipeline("slow")).add(gates.pipeline("quick"));
    const finished = manager.runAll();
    await settle();
    gates.get("quick").open();
    await settle();
    gates.get("slow").open();
    const { reports, outcome } = await finished;
    expect(reports).toMatchObject([
      { name: "slow", outcome: "completed", extracted: 1, loaded: 1 },
      { name: "quick", outcome: "completed", extracted: 1, loaded: 1 },
    ]);
    expect(outcome).toBe("completed");
  });

  it.each([[{}, 4], [{ workers: 1 }, 1], [{ workers: 3 }, 3], [{ workers: 9 }, 7]])(
    "with %o runs %i of 7 pipelines at once, and starts the next as each one ends",
    async (options: ManagerOptions, limit) => {
      const names = [..."abcdefg"];
      const gates = new Gates();
      const manager = new EtlManager(options);
      for (const name of names) manager.add(gates.pipeline(name));
      const outcome = outcomeOf(manager.runAll());
      await settle();
      expect(gates.begun).toEqual(names.slice(0, limit));
      for (const [index, name] of names.entries()) {
        gates.get(name).open();
        await settle();
        expect(gates.begun).toEqual(names.slice(0, limit + index + 1));
        expect(outcome.state).toBe(index < 6 ? "pending" : "fulfilled");
      }
      expect(gates.most).toBe(limit);
    },
  );

  it("uses its own workers for pipelines, and a pipeline's for its loads", async () => {
    let running = 0;
    let most = 0;
    const load = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running--;
    };
    const make = (name: string, defaults: RunOptions<number>) =>
      etl<number>({ name, extract: () => [1, 2, 3, 4, 5, 6], load }, defaults);
    const runAll = async (manager: EtlManager) => {
      running = most = 0;
      const report = manager.runAll();
      await vi.runAllTimersAsync();
      await report;
      return most;
    };
    const one = new EtlManager({ workers: 5 }).add(make("one", {}));
    expect(await runAll(one)).toBe(1);
    const other = new EtlManager({ workers: 1 }).add(make("three", { workers: 3 }));
    expect(await runAll(other)).toBe(3);
  });

  it("resolves if it has no pipelines", async () => {
    expect(await new EtlManager().runAll()).toEqual({ reports: [], outcome: "completed" });
  });

  it("runs all pipelines again with each call, even concurrently", async () => {
    const runs: string[] = [];
    const make = (name: string) =>
      etl({
        name,
        extract: () => [1],
        load: async (_, { runId }) => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          runs.push(`${name} ${runId}`);
        },
      });
    const manager = new EtlManager().add(make("b"), { after: ["a"] }).add(make("a"));
    const all = Promise.all([manager.runAll(), manager.runAll()]);
    await vi.runAllTimersAsync();
    const reports = await all;
    const third = manager.runAll();
    await vi.runAllTimersAsync();
    for (const { outcome } of [...reports, await third]) expect(outcome).toBe("completed");
    expect(new Set(runs).size).toBe(6);
    expect(runs.map((run) => run[0]).join("")).toBe("aabbab");
  });

  it("does not run a pipeline that is added during a run until the next one", async () => {
    const gates = new Gates();
    const manager = new EtlManager().add(gates.pipeline("a"));
    const finished = manager.runAll();
    await settle();
    manager.add(gates.pipeline("b"));
    gates.get("a").open();
    expect((await finished).reports.map(({ name }) => name)).toEqual(["a"]);
    const next = manager.runAll();
    await settle();
    expect(gates.begun).toEqual(["a", "a", "b"]);
    gates.get("a").open();
    gates.get("b").open();
    expect((await next).reports.map(({ name }) => name)).toEqual(["a", "b"]);
  });
});

describe("EtlManager: options for all pipelines", () => {
  /** The sizes of the batches that pipelines load, each of five items. */
  async function sizesOf(manager: EtlManager, ...defaults: RunOptions<number>[]) {
    const sizes: number[][] = defaults.map(() => []);
    for (const [index, options] of defaults.entries()) {
      manager.add(etl<number>({
        name: `p${index}`,
        extract: () => [1, 2, 3, 4, 5],
        load: (batch) => void sizes[index]!.push(batch.length),
      }, options));
    }
    await manager.runAll();
    return sizes;
  }

  it("apply to a pipeline that does not set its own", async () => {
    const manager = new EtlManager({ batchSize: 2 });
    const defaults = [{}, { batchSize: 4 }, { batchSize: undefined }];
    expect(await sizesOf(manager, ...defaults)).toEqual([[2, 2, 1], [4, 1], [2, 2, 1]]);
  });

  it("are copied when the manager is made", async () => {
    let reads = 0;
    const options = {
      batchSize: 2,
      get timeout() {
        reads++;
        return 50;
      },
    };
    const manager = new EtlManager(options);
    expect(reads).toBe(1);
    options.batchSize = 5;
    expect(await sizesOf(manager, {}, {}, {})).toEqual([[2, 2, 1], [2, 2, 1], [2, 2, 1]]);
    expect(reads).toBe(1); // Nothing is copied for each pipeline.
  });

  it("report the progress of all pipelines to one `onProgress`", async () => {
    const told: string[] = [];
    const onProgress = ({ name, state }: { name: string; state: string }) => {
      told.push(`${name} ${state}`);
    };
    await sizesOf(new EtlManager({ onProgress }), {}, {});
    expect(told.sort()).toEqual(["p0 ended", "p1 ended"]);
  });

  it("measure bytes by the pipeline's own `sizeOf`", async () => {
    const manager = new EtlManager({ maxBytes: 6, batchSize: 9 });
    expect(await sizesOf(manager, { sizeOf: () => 3 }, { sizeOf: () => 2 }))
      .toEqual([[2, 2, 1], [3, 2]]);
  });
});

describe("EtlManager rejects", () => {
  const load = vi.fn();
  const extract = vi.fn(() => [1]);
  const make = (name: string, defaults: RunOptions<number> = {}) =>
    etl<number>({ name, extract, load }, defaults);
  afterEach(() => {
    expect(extract, "nothing is called").not.toHaveBeenCalled();
    expect(load).not.toHaveBeenCalled();
  });

  it.each([
    [{ workers: 0 }, "'workers' must be a positive integer: current value is 0"],
    [{ workers: Infinity }, "'workers' must be a positive integer: current value is Infinity"],
    [{ failFast: 1 }, "'failFast' must be a boolean: current value is 1"],
    [{ batchSize: "5" }, `'batchSize' must be a positive integer: current value is "5"`],
    [{ timeout: 0 }, "'timeout' must be a number above 0: current value is 0"],
    [
      { signal: AbortSignal.abort() },
      "'signal' must be a known option, perhaps 'sizeOf': current value is an instance of AbortSignal",
    ],
    [
      { failfast: true },
      "'failfast' must be a known option, perhaps 'failFast': current value is true",
    ],
    [null, "'options' must be an object: current value is null"],
  ])("options %o in its constructor", (options, sentence) => {
    const error = new ConfigurationError(`Cannot construct EtlManager as ${sentence}`);
    expect(() => Reflect.construct(EtlManager, [options])).toThrow(error);
  });

  it.each([
    [undefined, {}, "'etl' must be the result of etl(): current value is undefined"],
    [
      { name: "a", extract, load },
      {},
      "'etl' must be the result of etl(): current value is an object",
    ],
    [make("a"), { after: "b" }, `'after' must be an array of names: current value is "b"`],
    [
      make("a"),
      { after: [1] },
      "'after' must be an array of names: current value is an array of 1",
    ],
    [
      make("a"),
      { before: [] },
      "'before' must be a known option, perhaps 'after': current value is an array of 0",
    ],
    [make("taken"), {}, `'name' must be unique: current value is "taken"`],
  ])("add() of %o with %o", (pipeline, options, sentence) => {
    const manager = new EtlManager().add(make("taken"));
    const error = new ConfigurationError(`Cannot add pipeline as ${sentence}`);
    const add = () => manager.add(pipeline as unknown as Etl<number>, options as object);
    expect(add).toThrow(error);
  });

  it.each<[string, Record<string, string[]>, string]>([
    [
      "an unknown name",
      { a: [], b: ["a", "c"] },
      `pipeline "b" as 'after' must be a name of an added pipeline: current value is "c"`,
    ],
    [
      "a pipeline after itself",
      { a: [], b: ["a", "b"] },
      `pipeline "b" as 'after' must be free of cycles: current value is "b → b"`,
    ],
    [
      "two after each other",
      { a: ["b"], b: ["a"] },
      `pipeline "a" as 'after' must be free of cycles: current value is "a → b → a"`,
    ],
    [
      "a circle that others lead to",
      { a: ["b"], b: ["c"], c: ["d"], d: ["b"] },
      `pipeline "b" as 'after' must be free of cycles: current value is "b → c → d → b"`,
    ],
  ])("a run of %s", async (_, graph, sentence) => {
    const manager = new EtlManager();
    for (const [name, after] of Object.entries(graph)) manager.add(make(name), { after });
    const error = await manager.runAll().catch((error: unknown) => error);
    expect(error).toEqual(new ConfigurationError(`Cannot run ${sentence}`));
    expect(error).toBeInstanceOf(ConfigurationError);
  });

  it.each([
    [{ signal: 5 }, "'signal' must be an AbortSignal: current value is 5"],
    [{ workers: 2 }, "'workers' must be a known option, perhaps 'signal': current value is 2"],
    [null, "'options' must be an object: current value is null"],
  ])("a run with the options %o", async (options, sentence) => {
    const manager = new EtlManager().add(make("a"));
    const error = new ConfigurationError(`Cannot run pipelines as ${sentence}`);
    await expect(manager.runAll(options as object)).rejects.toThrow(error);
  });

  it("a run with maxBytes if a pipeline has no sizeOf", async () => {
    const manager = new EtlManager({ maxBytes: 5 }).add(make("a", { sizeOf: () => 1 })).add(
      make("b"),
    );
    await expect(manager.runAll()).rejects.toThrow(
      new ConfigurationError(
        `Cannot run pipeline "b" as 'sizeOf' must be a function if 'maxBytes' is finite: ` +
          "current value is undefined",
      ),
    );
  });

  it("no chain of pipelines for its length", async () => {
    const manager = new EtlManager();
    const length = 20_000; // More than a stack of calls is deep.
    for (let index = 0; index < length; index++) {
      manager.add(make(`${index}`), { after: [`${(index + 1) % length}`] });
    }
    await expect(manager.runAll()).rejects.toThrow(
      `Cannot run pipeline "0" as 'after' must be free`,
    );
  });
});
