import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MovingRate } from "../../src/telemetry/moving-rate.ts";
import { seeded } from "../support/streams/schedules.ts";

/** A rate that is told of one more every `period` ms from `from` up to `to`. */
function steady(rate: MovingRate, period: number, from: number, to: number): void {
  for (let now = from + period; now <= to; now += period) rate.add(1, now);
}

describe("MovingRate", () => {
  it("is 0 before any time has passed, and while nothing was done", () => {
    const rate = new MovingRate(1000);
    expect(rate.read(1000)).toBe(0);
    expect(rate.read(9000)).toBe(0);
    const instant = new MovingRate(1000);
    instant.add(5, 1000);
    expect(instant.read(1000)).toBe(0);
  });

  it("is the mean since the start for the first five seconds", () => {
    const rate = new MovingRate(50);
    steady(rate, 10, 50, 1050);
    expect(rate.read(1050)).toBe(100);
    expect(rate.read(2050)).toBe(50);
  });

  it("forgets what was done more than five seconds ago", () => {
    const rate = new MovingRate(0);
    rate.add(1_000_000, 100);
    steady(rate, 10, 100, 20_000);
    expect(rate.read(20_000)).toBeCloseTo(100, 0);
  });

  it("is 0 after five seconds without an item, and rises with the next one", () => {
    const rate = new MovingRate(0);
    steady(rate, 10, 0, 10_000);
    const falling = [10_000, 11_000, 12_000, 13_000, 14_000, 15_000].map((now) => rate.read(now));
    for (let index = 1; index < falling.length; index++) {
      expect(falling[index]).toBeLessThan(falling[index - 1]!);
    }
    expect(rate.read(15_000)).toBe(0);
    expect(rate.read(1_000_000)).toBe(0);
    expect(new MovingRate(0).read(2 ** 50)).toBe(0); // It does not go through all of that time.
    rate.add(45, 1_000_001);
    expect(rate.read(1_000_002)).toBeGreaterThanOrEqual(45 / 5);
    expect(rate.read(1_000_002)).toBeLessThanOrEqual(45 / 4.5);
  });

  it("smooths bursts", () => {
    const rate = new MovingRate(0);
    for (let now = 1000; now <= 20_000; now += 1000) {
      rate.add(1000, now);
      if (now < 6000) continue;
      for (const later of [0, 300, 999]) {
        const read = rate.read(now + later);
        expect(read, `at ${now + later}`).toBeGreaterThan(750);
        expect(read, `at ${now + later}`).toBeLessThan(1150);
      }
    }
  });

  it("is the rate of the last 4.5 to 5 seconds at any time", () => {
    const step = fc.tuple(fc.nat(3000), fc.nat(50), fc.boolean());
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const rate = new MovingRate(0);
        const added: { readonly count: number; readonly now: number }[] = [];
        let now = 0;
        for (const [pause, count, isRead] of steps) {
          now += pause;
          rate.add(count, now);
          added.push({ count, now });
          if (!isRead || now === 0) continue;
          const slot = Math.floor(now / 500);
          const from = Math.max(0, (slot - 9) * 500); // The window begins with a slot.
          const done = added.filter((one) => one.now >= from).reduce(
            (sum, one) => sum + one.count,
            0,
          );
          expect(rate.read(now)).toBeCloseTo(done / (now - from) * 1000, 6);
          expect(now - from).toBeLessThanOrEqual(5000);
        }
      }),
      seeded,
    );
  });
});
