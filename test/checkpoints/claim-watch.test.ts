import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FencedError } from "../../src/errors.ts";
import { claimedStore, KeptRun, leftBy } from "../support/checkpoints/keeper-time.ts";
import { pass, settle } from "../support/outcomes/outcome.ts";

beforeEach(() => void vi.useFakeTimers({ now: 50_000 }));
afterEach(() => void vi.useRealTimers());

describe("ClaimWatch: open() while a second run of the same pipeline holds the key", () => {
  it("rejects when a third run has claimed the key in the meantime", async () => {
    const store = claimedStore();
    const run = new KeptRun(store);
    const opened = await run.open();
    store.inner.release("a", "other");
    store.inner.claim("a", { runId: "third", until: Date.now() + 1000 }, 0);
    await settle(333);
    expect(opened.state).toBe("pending");
    await settle(1);
    expect(opened).toEqual({ state: "rejected", value: new FencedError("a", "third") });
    expect(opened.value).toMatchObject({ key: "a", owner: "third" });
    expect(store.calls).toEqual(["claim", "claim"]); // Neither read nor released.
    expect(leftBy(run)).toBe(0);
  });

  it("rejects when the other run has renewed its claim twice", async () => {
    const store = claimedStore();
    const run = new KeptRun(store);
    const opened = await run.open();
    for (let renewals = 0; renewals < 4; renewals++) {
      await settle(334);
      store.inner.claim("a", { runId: "other", until: Date.now() + 1000, lease: 1000 }, 0);
    }
    expect(opened).toEqual({ state: "rejected", value: new FencedError("a", "other") });
    expect(leftBy(run)).toBe(0);
  });

  it("takes over when the last renewal of a dead run arrives late", async () => {
    const store = claimedStore();
    const run = new KeptRun(store);
    const opened = await run.open();
    await pass(300, 1);
    store.inner.claim("a", { runId: "other", until: Date.now() + 1000, lease: 1000 }, 0);
    await pass(1000, 1);
    expect(opened.state).toBe("pending");
    await pass(334 - 300, 1);
    expect(opened.state).toBe("fulfilled");
    await run.close();
    expect(leftBy(run)).toBe(0);
  });
});
