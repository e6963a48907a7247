import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unhandledRejections } from "../support/run/rejections.ts";
import { problemsOf } from "./check.ts";
import { planOf } from "./plan.ts";
import { World } from "./world.ts";

type Host = { process?: { env: Record<string, string | undefined> } };
const variables = (globalThis as Host).process?.env ?? {};
const runs = Number(variables["FUZZ_RUNS"] ?? (variables["TEST_ONCE"] === "1" ? 2000 : 300)); // In turns of a hundred on one clock.
const first = Number(variables["FUZZ_SEED"] ?? 1);
const longest = 60_000; // Milliseconds of the faked clock.

describe("random runs of random pipelines", () => {
  let unhandled: ReturnType<typeof unhandledRejections>;
  beforeEach(() => {
    vi.useFakeTimers();
    unhandled = unhandledRejections();
  });
  afterEach(() => {
    vi.useRealTimers();
    unhandled.stop();
  });

  it(`leave each item once, for ${runs} seeds from ${first} on`, async () => {
    for (let seed = first; seed < first + runs; seed += 100) {
      await tryAll(seed, Math.min(100, first + runs - seed));
    }
  }, 3_600_000);

  async function tryAll(seed: number, count: number): Promise<void> {
    const plans = Array.from({ length: count }, (_, place) => planOf(seed + place));
    const worlds = plans.map((plan) => new World(plan));
    const lived = Promise.all(worlds.map((world) => world.live()));
    lived.catch(() => {}); // It is awaited below.
    const isOver = () => worlds.every((world) => world.isOver);
    for (let time = 0; !isOver() && time < longest; time += 500) {
      await vi.advanceTimersByTimeAsync(500);
    }
    for (const world of worlds) {
      const problems = problemsOf(world);
      const replay = `npm run test:fuzz -- --seed ${world.plan.seed}`;
      expect(problems, `${replay}\n${JSON.stringify(world.plan)}`).toEqual([]);
      world.disk.close();
    }
    await lived;
    await vi.advanceTimersByTimeAsync(10_000); // What was frozen thaws.
    expect(vi.getTimerCount()).toBe(0);
    expect(unhandled.reasons).toEqual([]);
  }
});
