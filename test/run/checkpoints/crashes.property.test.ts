import * as fc from "fast-check";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { CrashingWorld, type CrashPlan } from "../../support/run/crashing-world.ts";
import { turns } from "../../support/outcomes/outcome.ts";
import { resumableKinds } from "../../support/run/resume.ts";
import { isSlow } from "../../support/run/time.ts";

const plans: fc.Arbitrary<CrashPlan> = fc.record({
  kind: fc.constantFrom(...resumableKinds),
  count: fc.nat(60),
  batchSize: fc.integer({ min: 1, max: 7 }),
  workers: fc.integer({ min: 1, max: 8 }),
  resume: fc.constantFrom("skip", "source"),
  isTransactional: fc.boolean(),
  delays: fc.array(fc.nat(20), { minLength: 1, maxLength: 6 }),
  storeDelays: fc.array(fc.constantFrom(0, 0, 1, 5, 12), { minLength: 1, maxLength: 4 }),
  failures: fc.array(fc.nat(60), { maxLength: 4 }),
  lost: fc.array(fc.nat(60), { maxLength: 5 }),
  poisons: fc.array(fc.nat(59), { maxLength: 2 }),
  crashes: fc.array(
    fc.record({ at: fc.nat(120), how: fc.constantFrom("dies", "dies", "is cut off") }),
    { maxLength: 6 },
  ),
});

/** Lets the worlds live until all are over, as far as it takes. */
async function live(worlds: readonly CrashingWorld[]): Promise<void> {
  for (const world of worlds) world.live();
  for (let time = 0; time < 20_000 && worlds.some(({ isOver }) => !isOver); time++) {
    await turns(40);
    vi.advanceTimersByTime(1);
  }
  // What was cut off comes to its end.
  for (let time = 0; time < 5000 && vi.getTimerCount() > 0; time++) {
    vi.advanceTimersByTime(1);
    await turns(40);
  }
}

describe("any number of crashes", () => {
  let numRuns = 3;
  beforeAll(async () => void (numRuns = await isSlow() ? 3 : 10));
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("lose no item, and repeat only what was not recorded", async () => {
    const property = fc.asyncProperty(
      fc.array(plans, { minLength: 40, maxLength: 40 }),
      async (all) => {
        const worlds = all.map((plan) => new CrashingWorld(plan));
        await live(worlds);
        all.forEach((plan, index) => check(worlds[index]!, plan));
        expect(vi.getTimerCount()).toBe(0);
      },
    );
    await fc.assert(property, { numRuns, seed: 20_262, endOnFailure: true });
  }, 60_000);

  function check({ rows, letters, disk, isOver }: CrashingWorld, plan: CrashPlan): void {
    expect(isOver).toBe(true);
    expect(disk.problems).toEqual([]);
    const all = Array.from({ length: plan.count }, (_, n) => n).filter((n) => n % 7 !== 3);
    const isPoison = (n: number) => plan.poisons.includes(n);
    const loaded = [...rows].sort((a, b) => a - b);
    const expected = all.filter((n) => !isPoison(n));
    expect(plan.isTransactional ? loaded : [...new Set(loaded)]).toEqual(expected);
    expect([...new Set(letters)].sort((a, b) => a - b)).toEqual(all.filter(isPoison));
    if (plan.count > 0) expect(disk.checkpoint).toMatchObject({ offset: plan.count, done: [] });
  }
});
