import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unhandledRejections } from "../support/run/rejections.ts";
import { branchesPlanOf } from "./branches-plan.ts";
import { BranchesWorld } from "./branches-world.ts";

type Host = { process?: { env: Record<string, string | undefined> } };
const variables = (globalThis as Host).process?.env ?? {};
const runs = Number(variables["FUZZ_RUNS"] ?? (variables["TEST_ONCE"] === "1" ? 150 : 25));
const first = Number(variables["FUZZ_SEED"] ?? 1);
const longest = 60_000; // Milliseconds of the faked clock.

describe("random runs of random operators and branches", () => {
  let unhandled: ReturnType<typeof unhandledRejections>;
  beforeEach(() => {
    vi.useFakeTimers();
    unhandled = unhandledRejections();
  });
  afterEach(() => {
    vi.useRealTimers();
    unhandled.stop();
  });

  it(`lose no item and finish none too early, for ${runs} seeds from ${first} on`, async () => {
    for (let seed = first; seed < first + runs; seed += 100) {
      await tryAll(seed, Math.min(100, first + runs - seed));
    }
  }, 3_600_000);

  async function tryAll(seed: number, count: number): Promise<void> {
    const plans = Array.from({ length: count }, (_, place) => branchesPlanOf(seed + place));
    const worlds = plans.map((plan) => new BranchesWorld(plan));
    const lived = Promise.all(worlds.map((world) => world.live()));
    lived.catch(() => {}); // It is awaited below.
    const isOver = () => worlds.every((world) => world.isOver);
    for (let time = 0; !isOver() && time < longest; time += 500) {
      await vi.advanceTimersByTimeAsync(500);
    }
    for (const { plan, problems, signals, isOver } of worlds) {
      const replay = `npm run test:fuzz -- --seed ${plan.seed}`;
      const left = signals.filter(({ listeners }) => listeners > 0).length;
      expect([...problems, isOver, left], `${replay}\n${JSON.stringify(plan)}`)
        .toEqual([true, 0]);
    }
    await lived;
    await vi.advanceTimersByTimeAsync(10_000); // What a dead process has begun ends.
    expect(vi.getTimerCount()).toBe(0);
    expect(unhandled.reasons).toEqual([]);
  }
});
