import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type Etl,
  etl,
  FencedError,
  type Pipeline,
  type PipelineError,
} from "../../../src/index.ts";
import { HeldStore } from "../../support/checkpoints/held-store.ts";
import { outcomeOf, pass, settle } from "../../support/outcomes/outcome.ts";
import { untilAborted, wait } from "../../support/run/time.ts";

const lease = 900;

beforeEach(() => void vi.useFakeTimers({ now: 50_000 }));
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0); // Whatever happened to the runs.
  vi.useRealTimers();
});

/** The numbers 0, 1 and 2, one by one. */
function numbers(load: Pipeline<number>["load"]): Etl<number> {
  return etl<number>({ name: "numbers", extract: () => [0, 1, 2], load });
}

/** Begins a run whose loads end when they are told to, in their order. */
async function begin() {
  const store = new HeldStore();
  const ends: (() => void)[] = [];
  const load = () => new Promise<void>((resolve) => void ends.push(resolve));
  const run = outcomeOf(numbers(load).run({ checkpoints: store, lease }));
  await settle();
  return { store, ends, run };
}

/** Lets another run take a key whose claim has lapsed, finish all there is, and give it back. */
function comeAndGo({ inner }: HeldStore): void {
  inner.claim("numbers", { runId: "other", until: Date.now() + lease }, Date.now());
  inner.write("numbers", { offset: 3, done: [], updatedAt: 2, runId: "other" });
  inner.release("numbers", "other");
}

describe("a run that was suspended for longer than its lease", () => {
  it("is fenced if a second run of the same pipeline has come and gone", async () => {
    const store = new HeldStore();
    const signals: AbortSignal[] = [];
    const load = ([n]: number[], { signal }: { signal: AbortSignal }) => {
      signals.push(signal);
      return n === 0 ? undefined : untilAborted(signal);
    };
    const run = outcomeOf(numbers(load).run({ checkpoints: store, lease }));
    await pass(100);
    expect(store.inner.read("numbers")).toMatchObject({ offset: 1 });
    const answer = store.hold("claim");
    await pass(lease); // Its renewal is on its way for longer than its claim holds.
    comeAndGo(store);
    answer();
    await settle();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(run.value).toMatchObject({ stage: "checkpoints", report: { loaded: 1 } });
    expect((run.value as PipelineError).cause).toEqual(new FencedError("numbers", "other"));
    expect(store.inner.read("numbers")).toMatchObject({ offset: 3, runId: "other" });
    const next = { runId: "next", until: Infinity };
    expect(store.inner.claim("numbers", next, Date.now())).toEqual(next);
  });

  it("writes nothing before it has claimed its key again", async () => {
    const { store, ends, run } = await begin();
    const answer = store.hold("claim");
    await pass(2 * lease);
    comeAndGo(store);
    ends[0]!();
    await settle();
    answer();
    await settle();
    ends[1]!(); // It has not heeded its signal.
    await settle();
    expect(run.value).toMatchObject({ stage: "checkpoints" });
    expect(store.inner.read("numbers")).toMatchObject({ offset: 3, runId: "other" });
  });

  it.each(["nobody", "itself"])(
    "overwrites nothing if another run came and went during its write; the key is now %s",
    async (owner) => {
      const { store, ends, run } = await begin();
      const written = store.hold("write");
      ends[0]!();
      await settle();
      const renewed = store.hold("claim");
      await pass(2 * lease); // Both are on their way while it is frozen.
      comeAndGo(store);
      if (owner === "itself") {
        const { runId } = store.claims[0]!;
        store.inner.claim("numbers", { runId, until: Infinity }, Date.now());
      }
      written();
      await settle();
      renewed();
      await settle();
      ends[1]!();
      await settle();
      expect(run.value).toMatchObject({
        stage: "checkpoints",
        cause: new FencedError("numbers", "other"),
      });
      expect(store.inner.read("numbers")).toMatchObject({ offset: 3, runId: "other" });
      const next = { runId: "next", until: Infinity };
      expect(store.inner.claim("numbers", next, Date.now())).toEqual(next);
    },
  );

  it("continues if no other run has claimed the key", async () => {
    const store = new HeldStore();
    store.inner.write("numbers", { offset: 1, done: [], updatedAt: 1, runId: "earlier" });
    const loaded: number[] = [];
    const load = async (items: number[]) => (await wait(2000), loaded.push(...items));
    const run = outcomeOf(numbers(load).run({ checkpoints: store, lease }));
    await pass(100);
    const answer = store.hold("claim");
    await pass(2 * lease);
    answer();
    await pass(3000);
    expect(run.state).toBe("fulfilled");
    expect(loaded).toEqual([1, 2]);
  });
});
