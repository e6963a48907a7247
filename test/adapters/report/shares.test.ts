import { describe, expect, it } from "vitest";
import { sharesOf } from "../../../src/adapters/report/shares.ts";

describe("sharesOf()", () => {
  it("divides the time of a stage in the order in which it is drawn", () => {
    expect(sharesOf({ busy: 30, starved: 50, blocked: 20 })).toEqual([
      { state: "busy", share: 0.3 },
      { state: "blocked", share: 0.2 },
      { state: "starved", share: 0.5 },
    ]);
  });

  it("has backoff and rate limit only if there were any", () => {
    const states = (times: object) =>
      sharesOf({ busy: 1, starved: 0, blocked: 0, ...times }).map(({ state }) => state);
    expect(states({ backoff: 1, limited: 0 })).toEqual(["busy", "backoff", "blocked", "starved"]);
    expect(states({ limited: 1 })).toContain("limited");
  });

  it("has no share of no time, nor of a negative one", () => {
    const shares = (busy: number) => sharesOf({ busy, starved: 0, blocked: 0 });
    expect([...shares(0), ...shares(-5)].every(({ share }) => share === 0)).toBe(true);
  });
});
