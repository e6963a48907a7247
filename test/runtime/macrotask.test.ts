import { afterEach, describe, expect, it, vi } from "vitest";
import { nextMacrotask, Yielder } from "../../src/runtime/macrotask.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("nextMacrotask()", () => {
  it("lets a due timer run, which a settled promise does not", async () => {
    const done = Promise.withResolvers<void>();
    let hasFired = false;
    setTimeout(() => {
      hasFired = true;
      done.resolve();
    }, 0);
    for (let turn = 0; turn < 1000; turn++) await null;
    expect(hasFired).toBe(false);
    while (!hasFired) await nextMacrotask();
    await done.promise;
  });

  it("uses setTimeout if the platform has no setImmediate", async () => {
    vi.stubGlobal("setImmediate", undefined);
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    let isOver = false;
    nextMacrotask().then(() => isOver = true);
    await null;
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(0);
    expect(isOver).toBe(true);
    vi.unstubAllGlobals();
  });
});

describe("Yielder", () => {
  /** A pace on a clock that goes on by `cost` ms for each item; gives when it was due. */
  function dueAt(items: number, cost: number, step = 1): { at: number; time: number }[] {
    let now = 1000;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const pace = new Yielder();
    const due: { at: number; time: number }[] = [];
    for (let at = step; at <= items; at += step) {
      now += cost * step;
      if (pace.isDue(step)) due.push({ at, time: now - 1000 });
    }
    return due;
  }

  it.each([
    ["quick ones", 0.000_1, 3_000_000],
    ["usual ones", 0.01, 20_000],
    ["slow ones", 0.7, 1000],
    ["very slow ones", 5, 200],
  ])("is due every 20 ms of work or a little later, with %s", (_, cost, items) => {
    const times = dueAt(items, cost).map(({ time }) => time);
    expect(times.length).toBeGreaterThan(5);
    const late = times.map((time, index) => time - (times[index - 1] ?? 0));
    for (const passed of late.slice(1)) {
      expect(passed).toBeGreaterThan(19.999);
      expect(passed).toBeLessThanOrEqual(20 + Math.max(16 * cost, 2 + 2 * cost));
    }
  });

  it("is due by count if the clock stands still while code runs, as on Workers", () => {
    const places = dueAt(1_000_000, 0).map(({ at }) => at);
    expect(places.length).toBeGreaterThan(10);
    expect(places[0]).toBeLessThanOrEqual(65_536);
    const gaps = places.map((place, index) => place - (places[index - 1] ?? 0));
    for (const gap of gaps) expect(gap).toBeLessThanOrEqual(65_536);
  });

  it.each([0.01, 5])(
    "is due by count if the clock only advances by %f ms in a pause",
    (jump) => {
      let now = 1000;
      vi.spyOn(performance, "now").mockImplementation(() => now);
      const pace = new Yielder();
      let last = 0;
      let times = 0;
      for (let at = 1; at <= 1_000_000; at++) {
        if (!pace.isDue()) continue;
        expect(at - last).toBeLessThanOrEqual(66_560); // The look that follows a jump finds it moving.
        last = at;
        times++;
        now += jump;
      }
      expect(times).toBeGreaterThan(10);
    },
  );

  it("seldom reads the clock if items are quick", () => {
    dueAt(100_000, 0.000_1);
    expect(vi.mocked(performance.now).mock.calls.length).toBeLessThan(120);
  });

  it("counts an array as its number of items", () => {
    const one = dueAt(1_000_000, 0).length;
    vi.restoreAllMocks();
    expect(dueAt(1_000_000, 0, 1024).length).toBeGreaterThanOrEqual(one - 1);
  });

  it("is due at the next chance if it was only counted on before", () => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const pace = new Yielder();
    for (let item = 0; item < 10_000; item++) pace.isDue();
    for (let item = 0; item < 5000; item++) {
      now += 1;
      pace.count(1);
    }
    expect(pace.step).toBeLessThanOrEqual(2);
    expect([pace.isDue(2), pace.isDue(2)]).toEqual([true, false]);
  });

  it("adapts at once when items that were quick become slow", () => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const pace = new Yielder();
    for (let item = 0; item < 10_000; item++) pace.isDue();
    let slow = 0;
    let times = 0;
    while (times < 3) {
      now += 1;
      slow++;
      if (pace.isDue()) times++;
    }
    expect(slow).toBeLessThanOrEqual(1024 + 512 + 256);
  });
});
