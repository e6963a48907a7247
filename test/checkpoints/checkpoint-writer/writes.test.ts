import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { DoneRange } from "../../../src/checkpoints/checkpoint.ts";
import { HeldStore } from "../../support/checkpoints/held-store.ts";
import { KeptRun, leftBy } from "../../support/checkpoints/keeper-time.ts";
import { settle } from "../../support/outcomes/outcome.ts";
import { seeded } from "../../support/streams/schedules.ts";

const failure = new Error("broken");
const fails = {
  throws: () => {
    throw failure;
  },
  rejects: () => Promise.reject(failure),
};

beforeEach(() => void vi.useFakeTimers({ now: 50_000 }));
afterEach(() => void vi.useRealTimers());

async function opened(store = new HeldStore()): Promise<{ store: HeldStore; run: KeptRun }> {
  const run = new KeptRun(store);
  await run.open();
  return { store, run };
}

describe("CheckpointWriter.finish()", () => {
  it("writes once for everything that is finished in one turn", async () => {
    const { store, run } = await opened();
    for (let n = 0; n < 100; n++) run.keeper.finish([[n, n + 1, `at ${n}`]]);
    expect(store.count("write")).toBe(0);
    expect(vi.getTimerCount()).toBe(2); // The renewal, and one turn.
    expect(run.keeper.checkpoint).toMatchObject({ offset: 100, position: "at 99" });
    vi.setSystemTime(51_234);
    await settle();
    const expected = {
      ...{ offset: 100, done: [], position: "at 99" },
      ...{ updatedAt: 51_234, runId: "one" },
    };
    expect(store.written).toEqual([expected]);
    expect(run.keeper.checkpoint).toEqual(expected);
    await run.close();
    expect(store.count("write")).toBe(1);
    expect(leftBy(run)).toBe(0);
  });

  it("continues from what earlier runs have finished", async () => {
    const store = new HeldStore();
    store.inner.write("a", { offset: 4, done: [[6, 8]], position: "d", updatedAt: 1 });
    const { run } = await opened(store);
    run.keeper.finish([[9, 10, "j"]]);
    run.keeper.finish([[4, 6, "f"]]);
    await run.close();
    expect(store.written).toMatchObject([{ offset: 8, done: [[9, 10, "j"]] }]);
  });

  it("writes nothing for an empty range", async () => {
    const { store, run } = await opened();
    run.keeper.finish([]);
    expect(vi.getTimerCount()).toBe(1);
    expect(run.keeper.checkpoint).toBe(undefined);
    await run.close();
    expect(store.count("write")).toBe(0);
  });

  it("has one write in flight at a time; the next one writes the newest state", async () => {
    const { store, run } = await opened();
    let answer = store.hold("write");
    run.keeper.finish([[0, 1]]);
    await settle();
    for (let n = 1; n < 50; n++) {
      run.keeper.finish([[n, n + 1]]);
      await settle();
    }
    expect(store.count("write")).toBe(1);
    answer();
    answer = store.hold("write");
    await settle();
    run.keeper.finish([[50, 51]]);
    answer();
    await settle();
    expect(store.written.map(({ offset }) => offset)).toEqual([1, 50, 51]);
    expect(store.most.write).toBe(1);
    await run.close();
  });

  it("never writes a lower offset, whatever order the ranges come in", async () => {
    const { store, run } = await opened();
    const ranges: DoneRange[] = [[4, 6], [0, 2], [8, 9], [2, 4], [6, 8], [0, 9]];
    for (const range of ranges) {
      run.keeper.finish([range]);
      await settle();
    }
    expect(store.written.map(({ offset }) => offset)).toEqual([0, 2, 2, 6, 9, 9]);
    await run.close();
  });

  it.each(["throws", "rejects"] as const)("reports once that a write %s", async (way) => {
    const { store, run } = await opened();
    store.first.write = fails[way];
    run.keeper.finish([[0, 1]]);
    run.keeper.finish([[1, 2]]);
    await settle();
    expect(run.failures).toEqual([failure]);
    delete store.first.write;
    run.keeper.finish([[2, 3]]);
    await settle(5000);
    expect(run.keeper.checkpoint?.offset).toBe(3);
    expect(await run.close()).toEqual({ state: "fulfilled", value: undefined });
    expect(store.count("write")).toBe(1); // And no further one.
    expect(run.failures).toEqual([failure]);
    expect(store.calls.at(-1)).toBe("release");
    expect(leftBy(run)).toBe(0);
  });

  it("has everything written in the end, however long each write takes", async () => {
    const range = fc.tuple(fc.nat(20), fc.nat(4)).map(([from, more]) => [from, from + more + 1]);
    const steps = fc.array(fc.oneof(range, fc.constantFrom("turn", "answer", "hold")));
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const { store, run } = await opened();
        const places = new Set<number>();
        let answer = () => {};
        for (const step of all) {
          if (step === "turn") await settle();
          else if (step === "answer") answer();
          else if (step === "hold") {
            answer();
            answer = store.hold("write");
          } else {
            const [from, to] = step as [number, number];
            run.keeper.finish([[from, to]]);
            for (let n = from; n < to; n++) places.add(n);
          }
        }
        const closed = await run.close();
        answer();
        await settle();
        await settle();
        expect(closed).toEqual({ state: "fulfilled", value: undefined });
        const { offset = 0, done = [] } = store.inner.read("a") ?? {};
        const found = new Set(
          [[0, offset], ...done].flatMap(([from, to]) =>
            Array.from({ length: Number(to) - Number(from) }, (_, n) => Number(from) + n)
          ),
        );
        expect(found).toEqual(places);
        const offsets = store.written.map((checkpoint) => checkpoint.offset);
        expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
        expect(store.most.write).toBeLessThanOrEqual(1);
        expect(leftBy(run)).toBe(0);
      }),
      seeded,
    );
  });
});

describe("CheckpointWriter.close()", () => {
  it("writes what is not written yet, then releases the key", async () => {
    const { store, run } = await opened();
    run.keeper.finish([[0, 5]]);
    expect(await run.close()).toEqual({ state: "fulfilled", value: undefined });
    expect(store.calls).toEqual(["claim", "read", "write", "release"]);
    expect(store.written).toMatchObject([{ offset: 5, runId: "one" }]);
    expect(leftBy(run)).toBe(0);
  });

  it("waits for the write in flight, then writes the last one", async () => {
    const { store, run } = await opened();
    const answer = store.hold("write");
    run.keeper.finish([[0, 5]]);
    await settle();
    run.keeper.finish([[5, 9]]);
    const closed = await run.close();
    expect(closed.state).toBe("pending");
    expect(store.calls).toEqual(["claim", "read", "write"]);
    answer();
    await settle();
    expect(closed.state).toBe("fulfilled");
    expect(store.written.map(({ offset }) => offset)).toEqual([5, 9]);
    expect(store.calls.at(-1)).toBe("release");
    expect(leftBy(run)).toBe(0);
  });

  it("rejects with the failure of the last write, and releases the key", async () => {
    const { store, run } = await opened();
    store.first.write = fails.rejects;
    run.keeper.finish([[0, 5]]);
    expect(await run.close()).toEqual({ state: "rejected", value: failure });
    expect(store.calls).toEqual(["claim", "read", "write", "release"]);
    expect(run.failures).toEqual([]); // It is told once.
    expect(leftBy(run)).toBe(0);
  });

  it("rejects with the failure of a write that was in flight", async () => {
    const { store, run } = await opened();
    const answer = store.hold("write");
    run.keeper.finish([[0, 5]]);
    await settle();
    const closed = await run.close();
    answer(failure);
    await settle();
    expect(closed).toEqual({ state: "rejected", value: failure });
    expect(run.failures).toEqual([]);
    expect(store.calls.at(-1)).toBe("release");
  });

  it.each(["throws", "rejects"] as const)("rejects when the release %s", async (way) => {
    const { store, run } = await opened();
    store.first.release = fails[way];
    run.keeper.finish([[0, 5]]);
    expect(await run.close()).toEqual({ state: "rejected", value: failure });
    expect(store.written.length).toBe(1);
    expect(leftBy(run)).toBe(0);
  });

  it("rejects with the first failure", async () => {
    const { store, run } = await opened();
    store.first.write = fails.throws;
    store.first.release = () => Promise.reject(new Error("too"));
    run.keeper.finish([[0, 5]]);
    expect(await run.close()).toEqual({ state: "rejected", value: failure });
  });

  it("writes and releases only once, however often it is called", async () => {
    const { store, run } = await opened();
    run.keeper.finish([[0, 5]]);
    const closed = run.keeper.close();
    expect(run.keeper.close()).toBe(closed);
    await settle();
    run.keeper.finish([[5, 6]]); // Too late.
    await run.close();
    await settle(5000);
    expect(store.calls).toEqual(["claim", "read", "write", "release"]);
    expect(leftBy(run)).toBe(0);
  });

  it("works with a store that has no release()", async () => {
    const store = new HeldStore();
    Reflect.set(store, "release", undefined);
    const { run } = await opened(store);
    expect(await run.close()).toEqual({ state: "fulfilled", value: undefined });
    expect(leftBy(run)).toBe(0);
  });

  it("may be called before open(), which then rejects", async () => {
    const store = new HeldStore();
    const run = new KeptRun(store);
    expect((await run.close()).state).toBe("fulfilled");
    expect(await run.open()).toMatchObject({ state: "rejected", value: { name: "AbortError" } });
    expect(store.calls).toEqual([]);
    expect(leftBy(run)).toBe(0);
  });

  it("leaves no unhandled rejection", async () => {
    const store = new HeldStore();
    Object.assign(store.first, { write: fails.rejects, release: fails.rejects });
    const run = new KeptRun(store);
    void run.keeper.open(run.stop.signal);
    await settle();
    run.keeper.finish([[0, 1]]);
    void run.keeper.close(); // The leg fails for an unhandled rejection.
    const refused = new KeptRun(store, "two");
    store.first.claim = fails.rejects;
    void refused.keeper.open(refused.stop.signal);
    await settle();
    expect(leftBy(run, refused)).toBe(0);
  });
});
