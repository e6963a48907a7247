import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { isSlow } from "../../support/run/time.ts";
import { problemsOf } from "../../support/run/invariants.ts";
import { behaviours, Scenario, type Script } from "../../support/run/scenario.ts";
import { asyncKinds, sourceKinds, type SourceScript } from "../../support/run/sources.ts";

// Many runs share one clock, as each step of a fake clock takes a real turn of the event loop.
describe("Run keeps its guarantees", () => {
  let tests = 0;
  beforeEach(({ skip }) => {
    if (stride > 1 && tests++ % 3 > 0) skip("a fake clock is too slow here for all of them");
    vi.useFakeTimers();
  });
  afterEach(() => void vi.useRealTimers());

  /** Runs all scripts side by side, and gives what they did not keep. */
  async function broken(scripts: readonly Script[]): Promise<string[]> {
    const scenarios = scripts.map((script) => [new Scenario(script), script] as const);
    await vi.advanceTimersByTimeAsync(20_000);
    const left = scenarios.flatMap(([scenario, script]) =>
      problemsOf(scenario, script).map((problem) => `${problem}: ${JSON.stringify(script)}`)
    );
    if (vi.getTimerCount() > 0) left.push(`${vi.getTimerCount()} timers were left`);
    return left;
  }

  const options = { batchSize: 2, workers: 2, concurrency: 2, timeout: 3 };
  const stops = ["signal", "drain", "abort"] as const;

  let scriptsMade = 0;
  let stride = 1;
  beforeAll(async () => void (stride = await isSlow() ? 4 : 1));

  /** The script, stopped at each of its points, and at none. */
  async function atEveryPoint(script: Script, last = 150): Promise<Script[]> {
    const probe = new Scenario(script);
    // One that is endless is looked at for as long as its first points take.
    await vi.advanceTimersByTimeAsync(script.source.reads === Infinity ? 15 : 1000);
    const isEndless = script.source.reads === Infinity || probe.end === undefined;
    const points = Math.min(probe.points, last);
    if (isEndless) probe.run.abort();
    await vi.advanceTimersByTimeAsync(100);
    // All ways take too long on slow runtimes: the next script takes the next way at each point.
    const turn = scriptsMade++;
    const ways = Array.from({ length: points }, (_, at) => ({ stop: stops[(at + turn) % 3]!, at }))
      .filter(({ at }) => (at + turn) % stride === 0);
    return [...isEndless ? [] : [{}], ...ways].map((way) => ({ ...script, ...way }));
  }

  const sources = sourceKinds.flatMap((kind): SourceScript[] => [
    { kind, reads: 5, end: "end" },
    { kind, reads: 5, end: "fail" },
    { kind, reads: Infinity, end: "end" },
  ]);
  const slow = asyncKinds.flatMap((kind): SourceScript[] => [
    { kind, reads: 3, end: "end", delay: 2 },
    { kind, reads: 3, end: "fail", delay: 2 },
    { kind, reads: 0, end: "never" },
    { kind, reads: 3, end: "never" },
  ]);

  it.each([...sources, ...slow])(
    "when stopped at any point: $kind, %o",
    async (source) => {
      const script: Script = { source, transform: "async", load: "async", options };
      const scripts = await atEveryPoint(script, 45);
      expect(scripts.length).toBeGreaterThan(0);
      expect(await broken(scripts)).toEqual([]);
    },
  );

  const pairs = behaviours.flatMap((transform) =>
    behaviours.map((load) => [transform, load] as const)
  );
  it.each(pairs)("when transform is %s and load is %s", async (transform, load) => {
    const source: SourceScript = { kind: "async", reads: 6, end: "end" };
    const script: Script = { source, transform, load, faultAt: 1, options };
    const scripts = await atEveryPoint(script, 30);
    expect(scripts.length).toBeGreaterThan(0);
    expect(await broken(scripts)).toEqual([]);
  });

  const kinds = sourceKinds.flatMap((kind) => stops.map((stop) => ({ kind, stop })));
  it.each(kinds)(
    "when stopped between any two steps: %o",
    async ({ kind, stop }) => {
      const scripts = [2, 40].flatMap((reads): Script[] =>
        (["none", "sync", "async"] as const).map((transform) => ({
          ...{ source: { kind, reads, end: "end" }, transform, load: "sync", options, stop },
          isQuick: true,
        }))
      );
      const scenarios = scripts.flatMap((script) =>
        Array.from({ length: Math.ceil(40 / stride) }, (_, index) => {
          const scenario = new Scenario(script);
          void stopAfter(scenario, index * stride);
          return [scenario, script] as const;
        })
      );
      await vi.advanceTimersByTimeAsync(20_000);
      expect(scenarios.flatMap(([scenario, script]) => problemsOf(scenario, script))).toEqual([]);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  async function stopAfter(scenario: Scenario, turns: number): Promise<void> {
    for (let turn = 0; turn < turns; turn++) await null;
    scenario.stop();
  }
});
