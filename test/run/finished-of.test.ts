import { describe, expect, it } from "vitest";
import { finishedOf } from "../../src/run/finished-of.ts";

describe("finishedOf()", () => {
  it("returns the promise of what was started", () => {
    const finished = Promise.resolve(1);
    expect(finishedOf(() => ({ finished }))).toBe(finished);
  });

  it("rejects with what start throws, without an unhandled rejection", async () => {
    const error = new Error("wrong option");
    const fail = () => {
      throw error;
    };
    finishedOf(fail); // The runner reports what nobody handles.
    await expect(finishedOf(fail)).rejects.toBe(error);
  });
});
