import { describe, expect, it } from "vitest";
import { StageClock } from "../../src/pipeline/stage-clock.ts";

describe("StageClock", () => {
  it("starts with everybody waiting for input", () => {
    const clock = new StageClock(2, 100);
    expect(clock.read(110)).toEqual({ busy: 0, starved: 10, blocked: 0 });
  });

  it("counts each worker at its share, so that the times add up", () => {
    const clock = new StageClock(4, 0);
    clock.set(2, 1, 8); // 8 ms starved.
    expect(clock.read(16)).toEqual({ busy: 4, starved: 8 + 2, blocked: 2 });
    clock.set(4, 0, 20);
    expect(clock.read(30)).toEqual({ busy: 6 + 10, starved: 8 + 3, blocked: 3 });
  });

  it("may be read twice at once, and goes on", () => {
    const clock = new StageClock(1, 0);
    clock.set(1, 0, 0);
    expect(clock.read(5)).toEqual(clock.read(5));
    expect(clock.read(7)).toEqual({ busy: 7, starved: 0, blocked: 0 });
  });
});
