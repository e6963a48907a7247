import * as fc from "fast-check";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { MemoryCheckpointStore } from "../../../src/index.ts";
import { unhandledRejections } from "../../support/run/rejections.ts";
import { asyncKinds, sourceKinds } from "../../support/run/sources.ts";
import { isSlow } from "../../support/run/time.ts";
import {
  type Fate,
  fates,
  ResilienceScenario,
  type ResilienceScript,
} from "../../support/run/resilience-scenario.ts";

const sources = fc.oneof(
  fc.record({
    kind: fc.constantFrom(...asyncKinds),
    reads: fc.nat(30),
    end: fc.constantFrom("end", "end", "fail", "never"),
    delay: fc.nat(5),
  }),
  fc.record({
    kind: fc.constantFrom(...sourceKinds),
    reads: fc.nat(50),
    end: fc.constantFrom("end", "end", "end", "fail"),
  }),
);
const retries = fc.record({
  maxAttempts: fc.integer({ min: 1, max: 3 }),
  baseDelay: fc.nat(9),
  attemptTimeout: fc.constantFrom(15, 15, undefined),
});
const options = fc.record({
  batchSize: fc.integer({ min: 1, max: 12 }),
  workers: fc.constantFrom(1, 1, 2, 4),
  concurrency: fc.integer({ min: 1, max: 5 }),
  timeout: fc.constantFrom(4, 5000),
  drainTimeout: fc.constantFrom(0, 20, 10_000),
  retry: retries,
  isolate: fc.constantFrom("bisect", "bisect", "none"),
  isolationBudget: fc.constantFrom(1, 5, 1000),
  maxDeadLetters: fc.constantFrom(Infinity, Infinity, 3, { ratio: 0.5, window: 10 }),
  rateLimit: fc.constantFrom(undefined, undefined, { limit: 5, interval: 10 }),
  checkpoints: fc.boolean(),
}, { requiredKeys: ["batchSize", "workers", "retry"] }).map(({ checkpoints, ...all }) => ({
  ...all,
  ...checkpoints && { checkpoints: new MemoryCheckpointStore() },
}));
const mostlyFine = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Fate>("fine") },
  { weight: 1, arbitrary: fc.constantFrom(...fates) },
);
const scripts: fc.Arbitrary<ResilienceScript> = fc.record({
  source: sources,
  fates: fc.array(mostlyFine, { minLength: 1, maxLength: 25 }),
  map: fc.constantFrom("none", "item", "batch"),
  delay: fc.nat(4),
  maxRows: fc.constantFrom(3, 100, 100),
  hasDeadLetters: fc.constantFrom(true, true, true, false),
  letterDelay: fc.nat(3),
  acknowledges: fc.boolean(),
  stop: fc.record({
    how: fc.constantFrom("signal", "drain", "abort"),
    at: fc.nat(120),
  }),
  options,
}, {
  requiredKeys: [
    ...["source", "fates", "map", "delay", "maxRows", "hasDeadLetters", "letterDelay"] as const,
    ...["acknowledges", "options"] as const,
  ],
});

/** Whether the script lets an item be given up on. */
function mayBeLost(fate: Fate, script: ResilienceScript): boolean {
  const { isolate, isolationBudget = 1000 } = script.options;
  // With what fails for a while, or without enough budget, the whole batch goes.
  const isAlone = isolate !== "none" && isolationBudget === 1000 &&
    !script.fates.some((other) =>
      ["load is busy", "load is busy once", "load takes too long"].includes(other)
    );
  return !isAlone || !["fine", "skip"].includes(fate);
}

describe("any run in which calls fail", () => {
  let numRuns = 2; // Of a hundred each, as each step of the fake clock takes a real turn.
  let unhandled: ReturnType<typeof unhandledRejections>;
  beforeAll(async () => void (numRuns = await isSlow() ? 2 : 5));
  beforeEach(() => {
    vi.useFakeTimers();
    unhandled = unhandledRejections();
  });
  afterEach(() => {
    vi.useRealTimers();
    unhandled.stop();
  });

  it("accounts for every item, and loads, skips or dead-letters each as it should", async () => {
    const outcomes = new Set<string>();
    const many = fc.array(scripts, { minLength: 100, maxLength: 100 });
    const property = fc.asyncProperty(many, async (all) => {
      const scenarios = all.map((script) => [new ResilienceScenario(script), script] as const);
      await vi.advanceTimersByTimeAsync(3000);
      for (const [{ run }] of scenarios) run.abort(); // What has nothing to end it.
      await vi.advanceTimersByTimeAsync(500);
      for (const [scenario, script] of scenarios) {
        checkCounts(scenario);
        checkFates(scenario, script);
        checkCheckpoint(scenario);
        outcomes.add(scenario.report!.outcome);
      }
      expect(vi.getTimerCount()).toBe(0);
      expect(unhandled.reasons).toEqual([]);
    });
    await fc.assert(property, { numRuns, seed: 20_262, endOnFailure: true });
    expect([...outcomes].sort()).toEqual(["aborted", "completed", "drained", "failed"]);
  }, 120_000);

  function checkCounts(scenario: ResilienceScenario): void {
    const { report, broken, late, signal } = scenario;
    const { extracted, loaded, skipped, deadLettered, pending, outcome } = report!;
    expect(broken).toEqual([]);
    expect(late).toBe(0);
    expect(signal.listeners).toBe(0);
    expect(loaded + skipped + deadLettered + pending).toBe(extracted);
    expect([loaded, deadLettered]).toEqual([scenario.loaded.length, scenario.letters.length]);
    expect(pending).toBeGreaterThanOrEqual(0);
    if (outcome === "completed") expect([pending, extracted]).toEqual([0, scenario.source.given]);
  }

  function checkFates(scenario: ResilienceScenario, script: ResilienceScript): void {
    const { loaded, letters, acknowledged, rejected, report } = scenario;
    const lost = letters.map(({ item }) => item);
    const ended = [...loaded, ...lost];
    expect(new Set(ended).size).toBe(ended.length); // Each once, in one of the two.
    const given = (n: number) => n >= 0 && n < scenario.source.given;
    expect([...ended, ...acknowledged, ...rejected].every(given)).toBe(true);
    if (script.options.workers === 1) expect(loaded).toEqual(loaded.toSorted((a, b) => a - b));
    for (const { item, offset } of letters) {
      expect(offset).toBe(item);
      expect([item, mayBeLost(scenario.fateOf(item), script)]).toEqual([item, true]);
    }
    const isSkipped = (n: number) => script.map !== "none" && scenario.fateOf(n) === "skip";
    expect(loaded.some(isSkipped)).toBe(false);
    if (!script.acknowledges) return;
    expect(new Set(acknowledged).size).toBe(acknowledged.length);
    const others = acknowledged.filter((n) => !ended.includes(n));
    expect(others.every(isSkipped)).toBe(true);
    expect(others.length).toBe(report!.skipped);
    expect(loaded.every((n) => acknowledged.includes(n))).toBe(true);
    if (report!.outcome === "completed") expect(acknowledged.length).toBe(report!.extracted);
    expect(rejected.some((n) => ended.includes(n))).toBe(false);
  }

  /** What is loaded is finished, and what is pending is not. */
  function checkCheckpoint(scenario: ResilienceScenario): void {
    const { report, loaded, letters } = scenario;
    if (report!.checkpoint === undefined) return;
    const { offset, done } = report!.checkpoint;
    const isDone = (n: number) => n < offset || done.some(([from, to]) => n >= from && n < to);
    expect(loaded.every(isDone)).toBe(true);
    const ended = new Set([...loaded, ...letters.map(({ item }) => item)]);
    for (let n = 0; n < scenario.source.given; n++) {
      if (isDone(n) && !ended.has(n)) expect(scenario.fateOf(n)).toBe("skip");
    }
    if (report!.outcome === "completed") expect(offset).toBe(report!.extracted);
  }
});
