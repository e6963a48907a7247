import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type Checkpoint,
  ConfigurationError,
  etl,
  MemoryCheckpointStore,
  type RunOptions,
} from "../../../src/index.ts";
import { errorOf } from "../../support/outcomes/error-of.ts";

/** Counts what is written to it. */
class CountedStore extends MemoryCheckpointStore {
  readonly writes: Checkpoint[] = [];
  override write(key: string, checkpoint: Checkpoint): void {
    super.write(key, checkpoint);
    this.writes.push(checkpoint);
  }
}

const run = (options: RunOptions<number>, fails = false) => {
  const loaded: number[] = [];
  const load = (rows: number[]) => {
    if (fails && rows.includes(3)) throw new Error("no");
    loaded.push(...rows);
  };
  const numbers = etl({ name: "numbers", extract: () => [1, 2, 3, 4], load });
  return { loaded, finished: numbers.run({ batchSize: 2, ...options }) };
};

describe('whenCompleted: "forget"', () => {
  it("lets the next run begin anew, and tells of what was done", async () => {
    const checkpoints = new MemoryCheckpointStore();
    for (let time = 0; time < 2; time++) {
      const { loaded, finished } = run({ checkpoints, whenCompleted: "forget" });
      expect(await finished).toMatchObject({ earlier: 0, checkpoint: { offset: 4 } });
      expect(loaded).toEqual([1, 2, 3, 4]);
    }
    expect(checkpoints.read("numbers")).toMatchObject({ offset: 0, done: [] });
  });

  it("keeps the checkpoint of a run that fails", async () => {
    const checkpoints = new MemoryCheckpointStore();
    await errorOf(run({ checkpoints, whenCompleted: "forget" }, true).finished);
    expect(checkpoints.read("numbers")).toMatchObject({ offset: 2 });
    const { loaded, finished } = run({ checkpoints, whenCompleted: "forget" });
    expect([(await finished).earlier, loaded]).toEqual([2, [3, 4]]);
  });

  it("leaves the key to a run that has claimed it meanwhile", async () => {
    const checkpoints = new MemoryCheckpointStore();
    const release = checkpoints.release.bind(checkpoints);
    checkpoints.release = (key, runId) => {
      release(key, runId);
      checkpoints.claim(key, { runId: "other", until: 9 }, 0);
    };
    await run({ checkpoints, whenCompleted: "forget" }).finished;
    expect(checkpoints.read("numbers")).toMatchObject({ offset: 4 });
  });
});

describe("fingerprint", () => {
  it("is kept from the start, and another one is refused before anything is called", async () => {
    const checkpoints = new CountedStore();
    await errorOf(run({ checkpoints, fingerprint: "v1" }, true).finished);
    expect(checkpoints.writes[0]).toMatchObject({ offset: 0, fingerprint: "v1" });
    expect(checkpoints.read("numbers")).toMatchObject({ offset: 2, fingerprint: "v1" });
    const { loaded, finished } = run({ checkpoints, fingerprint: "v2" });
    const { cause } = await errorOf(finished) as Error;
    expect(cause).toBeInstanceOf(ConfigurationError);
    expect((cause as Error).message).toBe(
      'Cannot run pipeline "numbers" as \'fingerprint\' must be that of the checkpoint, "v1" ' +
        '(delete the checkpoint to start over): current value is "v2"',
    );
    expect(loaded).toEqual([]);
    expect((await run({ checkpoints, fingerprint: "v1" }).finished).loaded).toBe(2);
  });

  it("may be another one where nothing is finished, or the first one", async () => {
    const checkpoints = new MemoryCheckpointStore();
    checkpoints.write("numbers", { offset: 0, done: [], updatedAt: 1, fingerprint: "v1" });
    await errorOf(run({ checkpoints, fingerprint: "v2" }, true).finished);
    checkpoints.write("numbers", { offset: 3, done: [], updatedAt: 1 });
    const { loaded, finished } = run({ checkpoints, fingerprint: "v3" });
    expect((await finished).checkpoint).toMatchObject({ offset: 4, fingerprint: "v3" });
    expect(loaded).toEqual([4]);
  });
});

describe("checkpointInterval", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("spares writes, but for the first and the last", async () => {
    const checkpoints = new CountedStore();
    const load = () => new Promise((resolve) => setTimeout(resolve, 10));
    const numbers = etl({ name: "numbers", extract: () => Array.from(Array(100).keys()), load });
    const { finished } = numbers.start({ checkpoints, checkpointInterval: 400, lease: 1e6 });
    await vi.runAllTimersAsync();
    await finished;
    expect(checkpoints.writes.map(({ offset }) => offset)).toHaveLength(4);
    expect(checkpoints.writes.at(-1)).toMatchObject({ offset: 100 });
  });

  it("holds up no run that ends", async () => {
    const checkpoints = new CountedStore();
    const { finished } = run({ checkpoints, checkpointInterval: 1e6, lease: Infinity });
    await vi.advanceTimersByTimeAsync(100);
    expect((await finished).checkpoint).toMatchObject({ offset: 4 });
    expect(vi.getTimerCount()).toBe(0);
  });
});

it.each<keyof RunOptions<number>>(["checkpointInterval", "whenCompleted", "fingerprint"])(
  "refuses %s without checkpoints",
  async (name) => {
    const value = { checkpointInterval: 1, whenCompleted: "forget", fingerprint: "v" };
    const { finished } = run({ [name]: (value as Record<string, unknown>)[name] });
    const error = await errorOf(finished) as Error;
    expect(error.message).toContain(`'${name}' must be omitted without 'checkpoints'`);
  },
);
