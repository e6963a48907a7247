import { describe, expect, it } from "vitest";
import { StageClock, TimeIntegral } from "../../src/telemetry/stage-clock.ts";

describe("TimeIntegral", () => {
  it("adds up the time of each worker, and nothing for an idle one", () => {
    const tally = new TimeIntegral();
    tally.set(2, 10);
    tally.set(2, 15);
    expect(tally.read(20)).toBe(20);
    tally.set(1, 20);
    expect([tally.read(25), tally.count]).toEqual([25, 1]);
    tally.set(0, 30);
    expect(tally.read(1000)).toBe(30);
  });

  it("keeps a short time exact after a day", () => {
    const day = 24 * 3600 * 1000;
    const tally = new TimeIntegral();
    for (let turn = 0; turn < 10_000; turn++) {
      tally.set(1, day + turn);
      tally.set(0, day + turn + 0.125);
    }
    expect(tally.read(2 * day)).toBeCloseTo(1250, 6);
  });
});

describe("StageClock", () => {
  it("starts with all workers waiting for input", () => {
    expect(new StageClock(2).read(10)).toEqual({ busy: 0, starved: 10, blocked: 0 });
  });

  it("counts each worker by its share, so that the times add up", () => {
    const clock = new StageClock(4);
    clock.busy.set(2, 8); // 8 ms starved.
    clock.blocked.set(1, 8);
    expect(clock.read(16)).toEqual({ busy: 4, starved: 8 + 2, blocked: 2 });
    clock.busy.set(4, 20);
    clock.blocked.set(0, 20);
    expect(clock.read(30)).toEqual({ busy: 6 + 10, starved: 8 + 3, blocked: 3 });
  });

  it("has the waits for another attempt and for the rate limit, once there are any", () => {
    const clock = new StageClock(2);
    clock.backoff.set(1, 0);
    clock.limited.set(1, 0);
    clock.backoff.set(0, 10);
    clock.limited.set(0, 10);
    clock.busy.set(2, 10);
    expect(clock.read(20)).toEqual({ busy: 10, starved: 0, blocked: 0, backoff: 5, limited: 5 });
  });

  it("may be read twice at once, and continues", () => {
    const clock = new StageClock(1);
    clock.busy.set(1, 0);
    expect(clock.read(5)).toEqual(clock.read(5));
    expect(clock.read(7)).toEqual({ busy: 7, starved: 0, blocked: 0 });
  });
});
