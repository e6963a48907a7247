import { describe, expect, it } from "vitest";
import { commitsTo } from "../../src/checkpoints/checkpoint.ts";
import {
  asUnseen,
  beginCall,
  beginRun,
  callIn,
  isRunOn,
  makeCall,
  withCall,
} from "../../src/checkpoints/load-call.ts";
import { MemoryCheckpointStore } from "../../src/checkpoints/memory-checkpoint-store.ts";

describe("the call of a load", () => {
  it("has the store that the load declares, and no use of a sink yet", () => {
    const store = new MemoryCheckpointStore();
    const load = Object.assign(() => {}, { [commitsTo]: store });
    expect(beginCall(load)).toEqual({ store, isUsed: false });
    expect(beginCall(() => {}).store).toBeUndefined();
  });

  it("is found in what the load is passed, hidden from its keys and its copies", () => {
    const call = beginCall(() => {});
    const ranges = withCall([[0, 3]], call);
    expect(callIn(ranges)).toBe(call);
    expect(ranges).toEqual([[0, 3]]);
    expect(callIn([...ranges])).toBeUndefined();
    expect(callIn(undefined)).toBeUndefined();
  });

  it("is not found in a frozen context, which is passed on as it is", () => {
    const frozen = Object.freeze([]);
    expect(callIn(withCall(frozen, beginCall(() => {})))).toBeUndefined();
  });
});

describe("beginRun()", () => {
  it("makes a run known to the sinks of its store until it is over", () => {
    const store = {};
    const end = beginRun(store, "one");
    expect([isRunOn(store, "one"), isRunOn(store, "two"), isRunOn({}, "one")]).toEqual([
      ...[true, false, false],
    ]);
    end();
    expect(isRunOn(store, "one")).toBe(false);
    expect(store).toEqual({});
  });

  it("leaves a frozen store alone", () => {
    const store = Object.freeze({});
    beginRun(store, "one")();
    expect(isRunOn(store, "one")).toBe(false);
  });
});

describe("makeCall()", () => {
  const refusal = new Error("A second sink");

  it("returns what the load returns, or a promise of it", async () => {
    const call = beginCall(() => {});
    expect(makeCall(call, () => 7)).toBe(7);
    await expect(makeCall(call, () => Promise.resolve(8))).resolves.toBe(8);
    expect(() => makeCall(call, () => JSON.parse("{"))).toThrow(SyntaxError);
  });

  it("fails with the refusal of a second sink although the load succeeds or fails", async () => {
    const call = { ...beginCall(() => {}), refusal };
    expect(() => makeCall(call, () => 7)).toThrow(refusal);
    await expect(makeCall(call, () => Promise.reject(new Error("no")))).rejects.toBe(refusal);
  });

  it("takes the committed mark back first, even if that fails", async () => {
    const steps: string[] = [];
    const undo = async () => {
      steps.push("undone");
      throw new Error("The connection was lost");
    };
    const failed = makeCall({ ...beginCall(() => {}), refusal, undo }, () => 7);
    await expect(failed).rejects.toBe(refusal);
    expect(steps).toEqual(["undone"]);
  });

  it("fails with a refusal that could not see its call", () => {
    const call = beginCall(() => {});
    const error = asUnseen(new Error("a copy"));
    const load = () => {
      throw error;
    };
    expect(() => makeCall(call, load)).toThrow(error);
    expect(() => makeCall(call, () => 7), "also when asked again").toThrow(error);
  });
});
