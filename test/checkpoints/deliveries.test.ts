import { describe, expect, it } from "vitest";
import {
  checkDeliveries,
  DeliveredError,
  deliveredIn,
  keepsDeliveries,
} from "../../src/checkpoints/deliveries.ts";
import { commitsTo } from "../../src/checkpoints/checkpoint.ts";

describe("checkDeliveries()", () => {
  it("passes where all ids could be inserted", () => {
    expect(() => checkDeliveries(["a", "b"], ["b", "a"])).not.toThrow();
    expect(() => checkDeliveries([], [])).not.toThrow();
  });

  it("names those that were there", () => {
    const error = (() => {
      try {
        checkDeliveries(["a", "b", "c"], ["b"]);
      } catch (error) {
        return error as DeliveredError;
      }
    })();
    expect(error).toBeInstanceOf(DeliveredError);
    expect(error).toMatchObject({ code: "DELIVERED", delivered: new Set(["a", "c"]) });
    expect(error!.message).toBe("2 of the items were loaded by an earlier delivery");
  });
});

describe("deliveredIn()", () => {
  const ids = ["a", "b", "a", "c"];
  const idOf = (member: number) => ids[member]!;

  it("gives the items that are there, also by another copy of the package", () => {
    expect([...deliveredIn([1, 3], { delivered: new Set(["c"]) }, idOf)!]).toEqual([[3, true]]);
  });

  it("gives what comes again in the same load as not there yet", () => {
    const error = new DeliveredError(new Set());
    expect([...deliveredIn([0, 1, 2, 3], error, idOf)!]).toEqual([[2, false]]);
  });

  it.each([[new Error("full")], [undefined], [new DeliveredError(new Set(["z"]))]])(
    "gives nothing where the load has failed for another reason: %s",
    (error) => expect(deliveredIn([0, 1], error, idOf)).toBe(undefined),
  );
});

describe("keepsDeliveries()", () => {
  it("asks the store that a load commits to", () => {
    const load = () => {};
    expect(keepsDeliveries(load)).toBe(false);
    expect(keepsDeliveries(Object.assign(() => {}, { [commitsTo]: {} }))).toBe(false);
    const store = { keepsDeliveries: true };
    expect(keepsDeliveries(Object.assign(() => {}, { [commitsTo]: store }))).toBe(true);
  });
});
