import { describe, expect, it } from "vitest";
import { StageClock } from "../../src/pipeline/stage-clock.ts";

function turn(clock: StageClock, activity: Partial<StageClock["activity"]>, now: number): void {
  Object.assign(clock.tick(now), activity);
}

describe("StageClock", () => {
  it("starts with everybody waiting for input", () => {
    const clock = new StageClock(2, 100);
    expect(clock.read(110)).toEqual({ busy: 0, starved: 10, blocked: 0 });
  });

  it("counts each worker at its share, so that the times add up", () => {
    const clock = new StageClock(4, 0);
    turn(clock, { busy: 2, blocked: 1 }, 8); // 8 ms starved.
    expect(clock.read(16)).toEqual({ busy: 4, starved: 8 + 2, blocked: 2 });
    turn(clock, { busy: 4, blocked: 0 }, 20);
    expect(clock.read(30)).toEqual({ busy: 6 + 10, starved: 8 + 3, blocked: 3 });
  });

  it("tells the waits before another attempt and for the rate limit, once there are any", () => {
    const clock = new StageClock(2, 0);
    turn(clock, { busy: 0, backoff: 1, limited: 1 }, 0);
    turn(clock, { busy: 2, backoff: 0, limited: 0 }, 10);
    expect(clock.read(20)).toEqual({ busy: 10, starved: 0, blocked: 0, backoff: 5, limited: 5 });
  });

  it("may be read twice at once, and goes on", () => {
    const clock = new StageClock(1, 0);
    turn(clock, { busy: 1 }, 0);
    expect(clock.read(5)).toEqual(clock.read(5));
    expect(clock.read(7)).toEqual({ busy: 7, starved: 0, blocked: 0 });
  });
});
