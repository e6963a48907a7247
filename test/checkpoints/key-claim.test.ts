import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FencedError } from "../../src/errors.ts";
import { HeldStore } from "../support/checkpoints/held-store.ts";
import { KeptRun, leftBy } from "../support/checkpoints/keeper-time.ts";
import { pass, settle } from "../support/outcomes/outcome.ts";

const failure = new Error("broken");

beforeEach(() => void vi.useFakeTimers({ now: 50_000 }));
afterEach(() => void vi.useRealTimers());

describe("KeyClaim of a CheckpointWriter", () => {
  it("is renewed every third of the lease", async () => {
    const store = new HeldStore();
    const run = new KeptRun(store);
    await run.open();
    for (let third = 1; third <= 5; third++) {
      await settle(299);
      expect(store.count("claim")).toBe(third);
      await settle(1);
      const until = 50_900 + third * 300;
      expect(store.claims[third]).toEqual({ runId: "one", until, lease: 900 });
    }
    await run.close();
    await settle(5000);
    expect(store.count("claim")).toBe(6);
    expect(run.failures).toEqual([]);
    expect(leftBy(run)).toBe(0);
  });

  it("keeps a second run of the same pipeline out while this run lives", async () => {
    const store = new HeldStore();
    const [one, two, three] = ["one", "two", "three"].map((runId) => new KeptRun(store, runId));
    await one!.open();
    const refused = await two!.open();
    await pass(500);
    expect(refused.state).toBe("pending"); // One renewal may be of a run that has died since.
    await pass(500);
    expect(refused).toEqual({ state: "rejected", value: new FencedError("a", "one") });
    one!.keeper.finish([[0, 5]]);
    await one!.close();
    const opened = await three!.open();
    expect(opened).toMatchObject({ state: "fulfilled", value: { offset: 5, runId: "one" } });
    await three!.close();
    expect(leftBy(one!, two!, three!)).toBe(0);
  });

  it("goes to only one of two runs that wait for a dead one", async () => {
    const store = new HeldStore();
    store.inner.claim("a", { runId: "dead", until: 50_700, lease: 700 }, 50_000);
    const runs = ["one", "two"].map((runId) => new KeptRun(store, runId));
    const outcomes = [await runs[0]!.open(), await runs[1]!.open()];
    await pass(699, 1);
    expect(outcomes.map(({ state }) => state)).toEqual(["pending", "pending"]);
    await pass(300, 1);
    expect(outcomes.map(({ state }) => state)).toEqual(["fulfilled", "rejected"]);
    for (const run of runs) await run.close();
    expect(leftBy(...runs)).toBe(0);
  });

  it("fences a run that was too busy to renew it", async () => {
    const store = new HeldStore();
    const run = new KeptRun(store);
    await run.open();
    run.keeper.finish([[0, 3]]);
    await settle();
    store.inner.claim("a", { runId: "two", until: 99_000 }, 50_900); // No timer had a turn.
    await settle(300);
    expect(run.failures).toEqual([new FencedError("a", "two")]);
    run.keeper.finish([[3, 9]]);
    await settle(5000);
    expect(store.written.map(({ offset }) => offset)).toEqual([3]);
    expect(store.claims.filter(({ runId }) => runId === "one").length).toBe(2);
    expect(await run.close()).toEqual({ state: "fulfilled", value: undefined });
    expect(store.count("release")).toBe(0); // It is not its own.
    expect(run.failures.length).toBe(1);
    expect(leftBy(run)).toBe(0);
  });

  it("fences a run whose write is refused", async () => {
    const store = new HeldStore();
    const run = new KeptRun(store);
    await run.open();
    store.inner.claim("a", { runId: "two", until: 99_000 }, 50_900);
    run.keeper.finish([[0, 3]]);
    await settle();
    expect(run.failures).toEqual([new FencedError("a", "two")]);
    await settle(5000);
    expect(store.count("claim")).toBe(1); // It renews no more.
    expect(await run.close()).toEqual({ state: "fulfilled", value: undefined });
    // It may have got its key back unnoticed, and gives back only its own.
    expect(store.count("release")).toBe(1);
    expect(store.inner.claim("a", { runId: "x", until: 0 }, 0).runId).toBe("two");
    expect(leftBy(run)).toBe(0);
  });

  it("holds back a write that was due when the claim turns out to be lost", async () => {
    const store = new HeldStore();
    const run = new KeptRun(store);
    await run.open();
    store.inner.claim("a", { runId: "two", until: 99_000 }, 50_900);
    const answer = store.hold("claim");
    await settle(300);
    run.keeper.finish([[0, 3]]);
    answer();
    await settle();
    expect(run.failures).toEqual([new FencedError("a", "two")]);
    expect(store.count("write")).toBe(0);
    await run.close();
    expect(leftBy(run)).toBe(0);
  });

  it("reports its loss only once", async () => {
    const store = new HeldStore();
    const run = new KeptRun(store);
    await run.open();
    store.inner.claim("a", { runId: "two", until: 99_000 }, 50_900);
    const answer = store.hold("claim");
    await settle(300);
    run.keeper.finish([[0, 3]]);
    await settle();
    answer();
    await settle(5000);
    expect(run.failures).toEqual([new FencedError("a", "two")]);
    await run.close();
    expect(leftBy(run)).toBe(0);
  });

  it.each([
    ["throw", () => {
      throw failure;
    }],
    ["reject", () => Promise.reject(failure)],
  ])(
    "survives renewals that %s, however many, as long as nobody else takes the key",
    async (_, first) => {
      const store = new HeldStore();
      const run = new KeptRun(store);
      await run.open();
      store.first.claim = first;
      for (let renewals = 1; renewals <= 20; renewals++) await settle(300);
      delete store.first.claim;
      await settle(300);
      expect(store.count("claim")).toBe(22);
      expect(run.failures).toEqual([]);
      run.keeper.finish([[0, 3]]);
      expect(await run.close()).toEqual({ state: "fulfilled", value: undefined });
      expect(store.written).toMatchObject([{ offset: 3 }]);
      expect(store.count("release")).toBe(1);
      expect(leftBy(run)).toBe(0);
    },
  );

  it("does not report renewals that fail now and then", async () => {
    const store = new HeldStore();
    const run = new KeptRun(store);
    await run.open();
    for (let round = 0; round < 4; round++) {
      store.first.claim = () => Promise.reject(failure);
      await settle(600);
      delete store.first.claim;
      await settle(300);
    }
    expect(run.failures).toEqual([]);
    await run.close();
    expect(leftBy(run)).toBe(0);
  });

  it("reports a renewal that the store answers with an invalid claim", async () => {
    const store = new HeldStore();
    const run = new KeptRun(store);
    await run.open();
    store.claim = () => undefined as never;
    await settle(300);
    expect(run.failures).toMatchObject([{ name: "CheckpointError" }]);
    await run.close();
    expect(leftBy(run)).toBe(0);
  });

  it("has one renewal in flight at a time, and follows a late one at once", async () => {
    const store = new HeldStore();
    const run = new KeptRun(store);
    await run.open();
    const answer = store.hold("claim");
    await settle(300);
    await settle(700);
    expect(store.count("claim")).toBe(2);
    answer();
    await settle();
    expect(store.count("claim")).toBe(3);
    await settle(299);
    expect(store.count("claim")).toBe(3);
    await settle(1);
    expect(store.count("claim")).toBe(4);
    expect(store.most.claim).toBe(1);
    await run.close();
    expect(leftBy(run)).toBe(0);
  });

  it("is renewed in time although each call of the store is slow", async () => {
    const store = new HeldStore();
    const run = new KeptRun(store);
    await run.open();
    for (let n = 2; n < 5; n++) {
      const answer = store.hold("claim");
      await settle(n === 2 ? 300 : 200);
      expect(store.count("claim")).toBe(n);
      await settle(100);
      answer();
      await settle();
    }
    await run.close();
    expect(leftBy(run)).toBe(0);
  });

  it("is renewed in time although the first answer was late", async () => {
    const store = new HeldStore();
    const run = new KeptRun(store);
    vi.advanceTimersByTime(5);
    const answer = store.hold("claim");
    const opened = await run.open();
    await settle(100);
    answer();
    await settle();
    expect(opened.state).toBe("fulfilled");
    await settle(199);
    expect(store.count("claim")).toBe(1);
    await settle(1);
    expect(store.count("claim")).toBe(2);
    await run.close();
    expect(leftBy(run)).toBe(0);
  });

  it("is still renewed after the clock is set back", async () => {
    const store = new HeldStore();
    const run = new KeptRun(store);
    await run.open();
    const answer = store.hold("claim");
    await settle(300);
    vi.setSystemTime(1000);
    answer();
    await settle(300);
    expect(store.count("claim")).toBe(3);
    await run.close();
    expect(leftBy(run)).toBe(0);
  });

  it.each(["late", "failing"])("is not renewed after close, whose renewal is %s", async (kind) => {
    const store = new HeldStore();
    const run = new KeptRun(store);
    await run.open();
    const answer = store.hold("claim");
    await settle(300);
    const closed = await run.close();
    expect(closed.state).toBe("pending"); // It would claim the key again.
    if (kind === "late") answer();
    else answer(failure);
    await settle(5000);
    expect(closed).toEqual({ state: "fulfilled", value: undefined });
    expect(store.calls).toEqual(["claim", "read", "claim", "release"]);
    expect(run.failures).toEqual([]);
    expect(leftBy(run)).toBe(0);
  });

  it.each([Infinity, 2 ** 33])("accepts a lease of %d ms", async (lease) => {
    const store = new HeldStore();
    const run = new KeptRun(store, "one", lease);
    await run.open();
    await settle(1_000_000);
    expect(store.claims).toEqual([{ runId: "one", until: 50_000 + lease, lease }]);
    await run.close();
    expect(leftBy(run)).toBe(0);
  });
});
