import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CheckpointError, FencedError } from "../../../src/errors.ts";
import type { CheckpointStore } from "../../../src/checkpoints/checkpoint.ts";
import { HeldStore } from "../../support/checkpoints/held-store.ts";
import { claimedStore, KeptRun, leftBy } from "../../support/checkpoints/keeper-time.ts";
import { pass, settle } from "../../support/outcomes/outcome.ts";

const failure = new Error("broken");
const earlier = { offset: 4, done: [[6, 8]] as const, position: "d", updatedAt: 1, runId: "zero" };

beforeEach(() => void vi.useFakeTimers({ now: 50_000 }));
afterEach(() => void vi.useRealTimers());

describe("CheckpointWriter.open()", () => {
  it("claims the key, then returns what earlier runs have finished", async () => {
    const store = new HeldStore();
    store.inner.write("a", earlier);
    const run = new KeptRun(store);
    expect(run.keeper.checkpoint).toBe(undefined);
    expect(await run.open()).toEqual({ state: "fulfilled", value: earlier });
    expect(run.keeper.checkpoint).toEqual(earlier);
    expect(store.calls).toEqual(["claim", "read"]);
    expect(store.claims).toEqual([{ runId: "one", until: 50_900, lease: 900 }]);
    expect(run.stop.listeners).toBe(0);
    await run.close();
    expect(store.calls).toEqual(["claim", "read", "release"]); // Nothing new, nothing written.
    expect(leftBy(run)).toBe(0);
  });

  it("returns a blank checkpoint for a key that was never written", async () => {
    const run = new KeptRun(new HeldStore());
    expect(await run.open()).toEqual({ state: "fulfilled", value: undefined });
    expect(run.keeper.checkpoint).toBe(undefined);
    await run.close();
  });

  it("only reads and writes if the store has no claims", async () => {
    const { inner } = new HeldStore();
    inner.write("a", earlier);
    const store: CheckpointStore = {
      read: (key) => inner.read(key),
      write: (key, checkpoint) => inner.write(key, checkpoint),
    };
    const run = new KeptRun(store);
    expect(await run.open()).toEqual({ state: "fulfilled", value: earlier });
    expect(leftBy(run)).toBe(0);
    run.keeper.finish([[4, 6]]);
    expect(await run.close()).toEqual({ state: "fulfilled", value: undefined });
    expect(inner.read("a")).toMatchObject({ offset: 8, runId: "one" });
  });

  it("waits for the lease of another run to lapse, and takes over", async () => {
    const store = claimedStore();
    const run = new KeptRun(store);
    const opened = await run.open();
    await pass(999, 1);
    expect(opened.state).toBe("pending");
    expect(leftBy(run)).toBe(2);
    await pass(1, 1);
    expect(opened.state).toBe("fulfilled");
    expect(store.claims.at(-1)).toEqual({ runId: "one", until: 51_900, lease: 900 });
    expect(run.stop.listeners).toBe(0);
    await run.close();
    expect(leftBy(run)).toBe(0);
  });

  it("gets a key that is released while it waits, before the lease is over", async () => {
    const store = claimedStore();
    const run = new KeptRun(store);
    const opened = await run.open();
    store.inner.release("a", "other");
    await settle(334);
    expect(opened.state).toBe("fulfilled");
    await run.close();
  });

  it("stops waiting when its signal aborts", async () => {
    const store = claimedStore();
    const run = new KeptRun(store);
    const opened = await run.open();
    run.stop.abort(failure);
    await settle();
    expect(opened).toEqual({ state: "rejected", value: failure });
    expect(leftBy(run)).toBe(0);
    await settle(5000);
    expect(store.calls).toEqual(["claim"]);
  });

  it("does not call the store if the signal has aborted", async () => {
    const store = new HeldStore();
    const run = new KeptRun(store);
    run.stop.abort(failure);
    expect(await run.open()).toEqual({ state: "rejected", value: failure });
    expect(store.calls).toEqual([]);
    expect(leftBy(run)).toBe(0);
  });

  it.each(["claim", "read"] as const)(
    "releases the key when it is aborted before a late %s",
    async (method) => {
      const store = new HeldStore();
      const answer = store.hold(method);
      const run = new KeptRun(store);
      const opened = await run.open();
      run.stop.abort(failure);
      answer();
      await settle();
      expect(opened).toEqual({ state: "rejected", value: failure });
      const calls = ["claim", "read", "release"];
      expect(store.calls).toEqual(method === "read" ? calls : ["claim", "release"]);
      expect(leftBy(run)).toBe(0);
    },
  );

  it.each(["claim", "read"] as const)(
    "releases the key when it is closed before a late %s",
    async (method) => {
      const store = new HeldStore();
      const answer = store.hold(method);
      const run = new KeptRun(store);
      const opened = await run.open();
      const closed = await run.close();
      expect(closed.state).toBe("pending");
      answer();
      await settle();
      expect(opened).toMatchObject({ state: "rejected", value: { name: "AbortError" } });
      expect(closed.state).toBe("fulfilled");
      expect(store.calls.at(-1)).toBe("release");
      expect(store.count("release")).toBe(1);
      expect(leftBy(run)).toBe(0);
    },
  );

  it("stops waiting for another run when it is closed", async () => {
    const store = claimedStore();
    const run = new KeptRun(store);
    const opened = await run.open();
    expect((await run.close()).state).toBe("fulfilled");
    expect(opened.state).toBe("rejected");
    expect(leftBy(run)).toBe(0);
  });

  it.each([null, 5, {}, { offset: -1, done: [], updatedAt: 0 }])(
    "rejects the invalid checkpoint %j, and releases the key",
    async (rubbish) => {
      const store = new HeldStore();
      store.read = () => rubbish as never;
      const run = new KeptRun(store);
      const opened = await run.open();
      const error = new CheckpointError("a", "'offset' is not a non-negative integer");
      expect(opened).toEqual({ state: "rejected", value: error });
      expect(store.calls).toEqual(["claim", "release"]);
      expect(run.keeper.checkpoint).toBe(undefined);
      expect(leftBy(run)).toBe(0);
    },
  );

  it.each([undefined, null, 5, {}, { runId: 1, until: 9 }, { runId: "x" }, {
    ...{ runId: "x", until: Number.NaN },
  }])("rejects the invalid claim %j", async (rubbish) => {
    const store = new HeldStore();
    store.claim = () => rubbish as never;
    const run = new KeptRun(store);
    const opened = await run.open();
    const error = new CheckpointError("a", "the store returned no claim");
    expect(opened).toEqual({ state: "rejected", value: error });
    expect(store.calls).toEqual(["release"]); // It may have been claimed.
    expect(leftBy(run)).toBe(0);
  });

  it("does not ask forever a store that never hands out a free key", async () => {
    const store = new HeldStore();
    store.claim = () => ({ runId: "other", until: 50_000 });
    const run = new KeptRun(store);
    const opened = await run.open();
    await pass(899, 1);
    expect(opened.state).toBe("pending");
    await pass(2, 1);
    expect(opened).toEqual({ state: "rejected", value: new FencedError("a", "other") });
    expect(leftBy(run)).toBe(0);
  });

  const ways = {
    throws: () => {
      throw failure;
    },
    rejects: () => Promise.reject(failure),
  };
  it.each(
    [
      ["claim", "throws", ["claim", "release"]],
      ["claim", "rejects", ["claim", "release"]],
      ["read", "throws", ["claim", "read", "release"]],
      ["read", "rejects", ["claim", "read", "release"]],
    ] as const,
  )("rejects when %s %s", async (method, way, calls) => {
    const store = new HeldStore();
    store.first[method] = ways[way];
    store.first.release = () => Promise.reject(new Error("too"));
    const run = new KeptRun(store);
    expect(await run.open()).toEqual({ state: "rejected", value: failure });
    expect(store.calls).toEqual(calls);
    expect(run.failures).toEqual([]); // It is told once.
    expect(leftBy(run)).toBe(0);
  });

  it("rejects only after the key is released", async () => {
    const store = new HeldStore();
    store.first.read = ways.rejects;
    const answer = store.hold("release");
    const run = new KeptRun(store);
    const opened = await run.open();
    expect(opened.state).toBe("pending");
    answer();
    await settle();
    expect(opened).toEqual({ state: "rejected", value: failure });
    expect(leftBy(run)).toBe(0);
  });

  it("renews its claim while it still reads", async () => {
    const store = new HeldStore();
    const answer = store.hold("read");
    const run = new KeptRun(store);
    const opened = await run.open();
    await settle(300);
    await settle(300);
    expect(store.count("claim")).toBe(3);
    answer();
    await settle();
    expect(opened.state).toBe("fulfilled");
    await run.close();
    expect(leftBy(run)).toBe(0);
  });

  it("rejects when the key is lost while it still reads", async () => {
    const store = new HeldStore();
    const answer = store.hold("read");
    const run = new KeptRun(store);
    const opened = await run.open();
    store.inner.claim("a", { runId: "two", until: 60_000 }, 50_900);
    await settle(300);
    answer();
    await settle();
    expect(opened).toEqual({ state: "rejected", value: new FencedError("a", "two") });
    expect(run.failures).toEqual([]);
    expect(store.count("release")).toBe(0);
    expect(leftBy(run)).toBe(0);
  });
});
