import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { FencedError } from "../../../src/index.ts";
import type { CheckpointStore, Claim } from "../../../src/checkpoints/checkpoint.ts";
import { HeldStore } from "../../support/checkpoints/held-store.ts";
import { KeptRun, leftBy } from "../../support/checkpoints/keeper-time.ts";
import { pass, settle } from "../../support/outcomes/outcome.ts";
import { seeded } from "../../support/streams/schedules.ts";

const year = 365 * 86_400_000;

beforeEach(() => void vi.useFakeTimers({ now: 2 * year }));
afterEach(() => void vi.useRealTimers());

/** A clock that is ahead or behind, or was set since. */
const skew = fc.oneof(
  fc.constantFrom(0, 2000, -2000, year, -year),
  fc.integer({ min: -100_000, max: 100_000 }),
);
const lease = fc.integer({ min: 30, max: 5000 });

/** A store on which the clock of whoever asks is that of a machine of its own. */
function seenFrom(store: HeldStore, by: () => number): CheckpointStore {
  return {
    read: (key) => store.read(key),
    write: (key, checkpoint) => store.write(key, checkpoint),
    release: (key, runId) => store.release(key, runId),
    claim: (key, claim, now) => store.claim(key, onClockOf(claim, by()), now),
  };
}

/** The claim as a machine whose clock differs makes it. */
function onClockOf(claim: Claim, ahead: number): Claim {
  return { ...claim, until: claim.until + ahead };
}

it("a run never takes over the key of a live run, whatever the clocks say", async () => {
  const given = fc.tuple(lease, lease, skew, skew, fc.nat(3000));
  await fc.assert(
    fc.asyncProperty(given, async ([one, two, ahead, behind, after]) => {
      const store = new HeldStore();
      const living = new KeptRun(seenFrom(store, () => ahead), "living", one);
      await living.open();
      await pass(after, 100);
      const other = new KeptRun(seenFrom(store, () => behind), "other", two);
      const opened = await other.open();
      await pass(2 * one, Math.max(1, Math.floor(Math.min(one, two) / 6)));
      expect(opened).toEqual({ state: "rejected", value: new FencedError("a", "living") });
      expect(living.failures).toEqual([]);
      for (const run of [living, other]) await run.close();
      expect(leftBy(living, other)).toBe(0);
    }),
    { ...seeded, numRuns: 60 },
  );
});

it("a run waits for a dead one no longer than its lease, whatever the clocks say", async () => {
  const given = fc.tuple(lease, lease, skew, skew, fc.nat(3000));
  await fc.assert(
    fc.asyncProperty(given, async ([one, two, ahead, set, after]) => {
      const store = new HeldStore();
      const key = "a";
      const until = Date.now() + ahead + one; // As it was claimed by the one that died.
      store.inner.claim(key, { runId: "dead", until, lease: one }, 0);
      await pass(after, 100);
      vi.setSystemTime(Date.now() + set); // Also set back after the crash.
      const next = new KeptRun(store, "next", two);
      const opened = await next.open();
      const step = Math.max(1, Math.floor(one / 30));
      await pass(one - step, step);
      expect(opened.state).toBe("pending");
      await pass(2 * step + 2, 1);
      expect(opened.state).toBe("fulfilled");
      vi.setSystemTime(2 * year + ahead); // And once more: it keeps what it has.
      await pass(two, Math.max(1, Math.floor(two / 6)));
      await settle();
      expect(next.failures).toEqual([]);
      await next.close();
      expect(leftBy(next)).toBe(0);
    }),
    { ...seeded, numRuns: 60 },
  );
});
