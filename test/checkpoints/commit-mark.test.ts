import { describe, expect, it } from "vitest";
import { markOf } from "../../src/checkpoints/commit-mark.ts";
import { beginCall, withCall } from "../../src/checkpoints/load-call.ts";

const ranges = () => [[0, 3], [5, 6, "x"]] as const;

describe("markOf()", () => {
  it("has the key, the run and the ranges of the load", () => {
    const context = { runId: "one", batch: { attempt: 1, ranges: ranges() } };
    expect(markOf("users", context, true)).toMatchObject({
      ...{ key: "users", runId: "one", ranges: ranges(), isMarked: true },
    });
    expect(markOf("users", { runId: "one", batch: { attempt: 1 } }, false)).toMatchObject({
      ...{ ranges: [], isMarked: false },
    });
  });

  it("is by hand unless the batch or its ranges belong to a call of the run", () => {
    const call = beginCall(() => {});
    const isByHand = (batch: { attempt: number; ranges: ReturnType<typeof ranges> }) =>
      markOf("users", { runId: "one", batch }, true).isByHand;
    expect(isByHand({ attempt: 1, ranges: ranges() })).toBe(true);
    expect(isByHand({ attempt: 1, ranges: withCall(ranges(), call) })).toBe(false);
    expect(isByHand(withCall({ attempt: 1, ranges: ranges() }, call))).toBe(false);
    const byHand = { ...call, isByHand: true };
    expect(isByHand({ attempt: 1, ranges: withCall(ranges(), byHand) })).toBe(true);
  });
});
