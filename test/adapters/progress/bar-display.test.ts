import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { showProgress } from "../../../src/adapters/progress.ts";
import { etl, skip } from "../../../src/index.ts";
import { outcomeOf } from "../../support/outcomes/outcome.ts";
import { untilAborted, wait } from "../../support/run/time.ts";
import { GrowingBar, RecordedBar } from "../../support/terminal/recorded-bar.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Starts a run that loads an item every 100 ms, ten of them. */
function tenItems(name = "ten") {
  const extract = () => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].values(); // Nobody knows how many.
  return etl<number>({ name, extract, load: () => wait(100) }).start();
}

/** Starts a run whose third item cannot be loaded. */
function failing() {
  const load = ([n]: number[]) => n === 3 ? Promise.reject(new Error("no")) : wait(100);
  return etl<number>({ name: "failing", extract: () => [1, 2, 3, 4].values(), load }).start();
}

/** Starts a run that is stopped in its third load. */
function stopped(how: "drain" | "abort") {
  const run = etl<number>({
    name: "stopped",
    extract: () => [1, 2, 3],
    load: (_, { signal }) => Promise.race([wait(100), untilAborted(signal)]),
  }).start();
  setTimeout(() => run[how]().catch(() => {}), 250);
  return run;
}

/** Starts a run that is over after two items. */
function paused() {
  const load = () => wait(100);
  return etl<number>({ name: "paused", extract: () => [1, 2, 3].values(), load })
    .start({ budget: { items: 2 } });
}

describe("showProgress() with a bar", () => {
  it("starts it, updates it at every interval, shows the end and stops it", async () => {
    const bar = new RecordedBar();
    const showing = outcomeOf(showProgress(tenItems(), bar, { total: 10, interval: 330 }));
    expect(bar.told).toEqual([["start", 10, 0]]);
    expect(bar.payload).toMatchObject({ name: "ten", state: "running", done: 0, total: 10 });
    await vi.advanceTimersByTimeAsync(999);
    expect(bar.told.slice(1)).toEqual([["update", 3], ["update", 6], ["update", 9]]);
    expect(showing.state).toBe("pending");
    await vi.advanceTimersByTimeAsync(1);
    expect(bar.told.slice(4)).toEqual([["update", 10], ["stop"]]);
    expect(bar.payload).toEqual({
      ...{ name: "ten", state: "completed", extracted: 10, loaded: 10, skipped: 0 },
      ...{ deadLettered: 0, pending: 0, done: 10, total: 10, rate: 10, retries: 0, elapsed: 1000 },
    });
    expect(showing.state).toBe("fulfilled");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("updates it every 100 ms by default", async () => {
    const bar = new RecordedBar();
    void showProgress(tenItems(), bar);
    await vi.advanceTimersByTimeAsync(450);
    expect(bar.told).toHaveLength(5);
    await vi.advanceTimersByTimeAsync(5000);
  });

  it("counts skipped items as done", async () => {
    const bar = new RecordedBar();
    const transform = (n: number) => n === 1 ? skip : n;
    const run = etl({ name: "even", extract: () => [0, 1, 2], transform, load: () => {} }).start();
    await showProgress(run, bar, { total: 3 });
    expect(bar.told.at(-2)).toEqual(["update", 3]);
    expect(bar.payload).toMatchObject({ loaded: 2, skipped: 1, done: 3 });
  });

  it.each<[string, number | undefined, number[]]>([
    ["a total that is not known, until all is loaded", undefined, [0, 10]],
    ["a total without limit as one that is not known", Infinity, [0, 10]],
    ["a total that was too low, which grows", 4, [4, 6, 9, 10]],
    ["a total of nothing, which grows", 0, [0, 3, 6, 9, 10]],
    ["a total that was too high, as it was given", 20, [20]],
  ])("shows %s", async (_, total, totals) => {
    const bar = new GrowingBar();
    void showProgress(tenItems(), bar, { total, interval: 330 });
    await vi.advanceTimersByTimeAsync(5000);
    expect(bar.totals).toEqual(totals);
  });

  it("shows no total of a failed run if it was not known", async () => {
    const bar = new GrowingBar();
    void showProgress(failing(), bar);
    await vi.advanceTimersByTimeAsync(5000);
    expect(bar.totals).toEqual([0]);
  });

  it("asks for a total that becomes known later, by the name of the pipeline", async () => {
    const bar = new GrowingBar();
    const totals: Record<string, number> = {};
    const total = (name: string) => totals[name];
    void showProgress(tenItems(), bar, { total, interval: 330 });
    totals["ten"] = 10;
    await vi.advanceTimersByTimeAsync(5000);
    const [first, ...rest] = bar.told;
    expect(first).toEqual(["start", 0, 0]);
    expect(rest.slice(0, 3)).toEqual([["setTotal", 10], ["update", 3], ["update", 6]]);
  });

  it("passes a rate of the last few snapshots, and at the end one of the whole run", async () => {
    const bar = new RecordedBar();
    const load = ([n]: number[]) => wait(n! < 10 ? 100 : 1000);
    const extract = () => Array.from({ length: 20 }, (_, n) => n);
    const run = etl<number>({ name: "slower", extract, load }).start();
    void showProgress(run, bar, { interval: 510 });
    const rates: unknown[] = [];
    for (const time of [550, 500, 1000, 5000]) {
      await vi.advanceTimersByTimeAsync(time);
      rates.push(bar.payload.rate);
    }
    expect(rates).toEqual([9.8, 9.8, 5.4, 0.9]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(bar.payload).toMatchObject({ state: "completed", rate: 1.8, elapsed: 11_000 });
  });

  it("uses five snapshots for the rate if they are far apart", async () => {
    const bar = new RecordedBar();
    const load = ([n]: number[]) => wait(n! < 100 ? 100 : 1000);
    const extract = () => Array.from({ length: 200 }, (_, n) => n);
    const run = etl<number>({ name: "slower", extract, load }).start();
    void showProgress(run, bar, { interval: 10_010 });
    const rates: unknown[] = [];
    for (let time = 0; time < 70_000; time += 10_100) {
      await vi.advanceTimersByTimeAsync(10_100);
      rates.push(bar.payload.rate);
    }
    expect(rates).toEqual([10, 5.5, 4, 3.2, 2.8, 1, 1]);
    await vi.advanceTimersByTimeAsync(100_000);
  });

  it.each([
    ["failed", () => failing(), { loaded: 2 }],
    ["drained", () => stopped("drain"), { loaded: 3, pending: 0 }],
    ["aborted", () => stopped("abort"), { loaded: 2, pending: 1 }],
    ["paused", () => paused(), { loaded: 2, pending: 0 }],
  ])("stops it when the run has %s", async (state, start, counts) => {
    const bar = new RecordedBar();
    const showing = outcomeOf(showProgress(start(), bar, { interval: 130 }));
    await vi.advanceTimersByTimeAsync(5000);
    expect(bar.told.at(-1)).toEqual(["stop"]);
    expect(bar.payload).toMatchObject({ state, ...counts });
    expect(showing.state).toBe("fulfilled");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("shows that the run is draining", async () => {
    const bar = new RecordedBar();
    const run = tenItems();
    void showProgress(run, bar, { interval: 30 });
    await vi.advanceTimersByTimeAsync(50);
    void run.drain();
    await vi.advanceTimersByTimeAsync(10);
    expect(bar.payload.state).toBe("draining");
    await vi.advanceTimersByTimeAsync(5000);
  });

  it("shows a run that is over", async () => {
    const run = tenItems();
    await vi.advanceTimersByTimeAsync(5000);
    const bar = new RecordedBar();
    await showProgress(run, bar);
    expect(bar.told).toEqual([["start", 0, 10], ["update", 10], ["stop"]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("removes control characters from a name", async () => {
    const bar = new RecordedBar();
    void showProgress(tenItems("a\x1b[2Jb\r\n\x9bc\u202e\ud800"), bar);
    expect(bar.payload.name).toBe("a?[2Jb???c??");
    await vi.advanceTimersByTimeAsync(5000);
  });

  it.each(["start", "update", "stop"] as const)(
    "abandons it if its %s() throws",
    async (name) => {
      const bar = new RecordedBar();
      const error = new Error("the bar is broken");
      const method = vi.spyOn(bar, name).mockImplementation(() => {
        throw error;
      });
      const stop = name === "stop" ? method : vi.spyOn(bar, "stop");
      const onError = vi.fn(() => {
        throw new Error("and so is this");
      });
      const run = tenItems();
      const showing = outcomeOf(showProgress(run, bar, { onError }));
      await vi.advanceTimersByTimeAsync(5000);
      expect(onError.mock.calls).toEqual([[error]]);
      if (name !== "stop") expect(method).toHaveBeenCalledTimes(1);
      expect(stop).toHaveBeenCalled();
      expect(showing.state).toBe("fulfilled");
      expect(await run.finished).toMatchObject({ outcome: "completed", loaded: 10 });
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it("causes no unhandled rejection", async () => {
    const bar = new RecordedBar();
    bar.stop = () => {
      throw new Error("no");
    };
    void showProgress(failing(), bar);
    await vi.advanceTimersByTimeAsync(5000);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("showProgress() with a group of bars", () => {
  function group(state: { isActive?: boolean } = {}) {
    const bars: GrowingBar[] = [];
    const stop = vi.fn();
    const create = (total: number, value: number, payload: object) => {
      const bar = new GrowingBar();
      bar.start(total, value, payload);
      bars.push(bar);
      return bar;
    };
    return { bars, stop, create, ...state };
  }

  it("shows a bar for each run, and stops the group when all are over", async () => {
    const bars = group();
    const totals: Record<string, number> = { ten: 10, failing: 4 };
    const total = (name: string) => totals[name];
    void showProgress([tenItems(), failing()], bars, { total, interval: 300 });
    expect(bars.bars.map(({ told }) => told)).toEqual([[["start", 10, 0]], [["start", 4, 0]]]);
    await vi.advanceTimersByTimeAsync(950);
    expect(bars.bars.map(({ payload }) => payload.state)).toEqual(["running", "failed"]);
    expect(bars.stop).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(5000);
    expect(bars.stop).toHaveBeenCalledTimes(1);
    expect(bars.bars.map(({ payload }) => payload.done)).toEqual([10, 2]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("accepts a single run, and leaves a group alone that has stopped already", async () => {
    const bars = group({ isActive: false });
    void showProgress(tenItems(), bars);
    await vi.advanceTimersByTimeAsync(5000);
    expect(bars.bars[0]!.told.slice(-2)).toEqual([["setTotal", 10], ["update", 10]]);
    expect(bars.stop).not.toHaveBeenCalled();
  });
});
