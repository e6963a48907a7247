import * as fc from "fast-check";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { problemsOf } from "../../support/run/invariants.ts";
import { behaviours, Scenario, type Script } from "../../support/run/scenario.ts";
import { asyncKinds, sourceKinds } from "../../support/run/sources.ts";
import { isSlow } from "../../support/run/time.ts";

const sources = fc.oneof(
  fc.record({
    kind: fc.constantFrom(...asyncKinds),
    reads: fc.nat(30),
    end: fc.constantFrom("end", "end", "fail", "never"),
    delay: fc.nat(7),
  }),
  fc.record({
    kind: fc.constantFrom(...sourceKinds),
    reads: fc.nat(60),
    end: fc.constantFrom("end", "fail"),
  }),
);
const scripts: fc.Arbitrary<Script> = fc.record({
  source: sources,
  transform: fc.constantFrom("none" as const, ...behaviours),
  load: fc.constantFrom(...behaviours),
  faultAt: fc.nat(80),
  stop: fc.constantFrom("signal", "drain", "abort"),
  at: fc.nat(300),
  isQuick: fc.boolean(),
  options: fc.record({
    batchSize: fc.integer({ min: 1, max: 9 }),
    workers: fc.integer({ min: 1, max: 4 }),
    concurrency: fc.integer({ min: 1, max: 5 }),
    timeout: fc.constantFrom(1, 4, 5000, Infinity),
    drainTimeout: fc.constantFrom(0, 20, 10_000),
    onError: fc.constantFrom("flush", "discard"),
  }, { requiredKeys: ["batchSize", "workers"] }),
});

describe("any run", () => {
  let numRuns = 2;
  beforeAll(async () => void (numRuns = await isSlow() ? 3 : 8));
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("keeps its guarantees, whatever is slow, fails or stops it", async () => {
    // Forty runs at a time, as each step of the fake clock takes a real turn of the event loop.
    const property = fc.asyncProperty(
      fc.array(scripts, { minLength: 40, maxLength: 40 }),
      async (all) => {
        const scenarios = all.map((script) => [new Scenario(script), script] as const);
        await vi.advanceTimersByTimeAsync(10_000);
        for (const [scenario] of scenarios) scenario.run.abort(); // What has nothing to end it.
        await vi.advanceTimersByTimeAsync(200);
        for (const [scenario, script] of scenarios) {
          expect(problemsOf(scenario, script)).toEqual([]);
          checkOrder(scenario, script);
        }
        expect(vi.getTimerCount()).toBe(0);
      },
    );
    await fc.assert(property, { numRuns, seed: 20_261, endOnFailure: true });
  }, 60_000);

  /** Every item at most once, as its transform leaves it, and with one worker in order. */
  function checkOrder({ loaded, batches, source }: Scenario, script: Script): void {
    expect(new Set(loaded).size).toBe(loaded.length);
    const isKept = (n: number) => script.transform === "none" || n % 5 !== 4;
    const rows = Array.from({ length: source.given }, (_, n) => n).filter(isKept);
    const { batchSize = 1, workers } = script.options!;
    if (workers === 1) expect(loaded).toEqual(rows.slice(0, loaded.length));
    else for (const n of loaded) expect(rows.includes(n)).toBe(true);
    for (const { size, length } of batches) {
      expect(length).toBeGreaterThan(0);
      expect(length).toBeLessThanOrEqual(size);
      expect(size).toBeLessThanOrEqual(batchSize);
    }
  }
});
