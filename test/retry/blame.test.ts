import { describe, expect, it } from "vitest";
import { type DeadLetter, etl, type RunOptions } from "../../src/index.ts";
import { blameOf, withBlame } from "../../src/retry/blame.ts";

/** Loads a batch of 4, of which the error of the first call is to blame for some rows. */
async function run(places: readonly number[], options: RunOptions<number> = {}) {
  const calls: number[][] = [];
  const letters: DeadLetter<number>[] = [];
  const error = new Error("gone");
  const lacking = { b: { deadLettered: 1 } };
  const load = (rows: number[]) => {
    calls.push(rows.slice());
    const failures = new Map(places.map((place) => [place, error]));
    if (calls.length === 1) throw withBlame(error, { failures, lacking });
  };
  const deadLetters = new WritableStream<DeadLetter<number>>({
    write: (letter) => void letters.push(letter),
  });
  const report = await etl({ name: "numbers", extract: () => [1, 2, 3, 4], load }).run({
    batchSize: 4,
    deadLetters,
    ...options,
  });
  return { calls, letters, report };
}

describe("an error that is to blame for a part of its rows", () => {
  it("has these given up on, and the others loaded by a call of their own", async () => {
    const { calls, letters, report } = await run([1, 3], { isolate: "none" });
    expect(calls).toEqual([[1, 2, 3, 4], [1, 3]]);
    expect(letters.map(({ item, branches }) => [item, branches])).toEqual([[2, ["b"]], [4, ["b"]]]);
    expect(report).toMatchObject({
      loaded: 2,
      deadLettered: 2,
      branches: { b: { deadLettered: 2 } },
    });
  });

  it("has these halved", async () => {
    const { calls, letters } = await run([1, 3]);
    expect(calls).toEqual([[1, 2, 3, 4], [2], [4], [1, 3]]);
    expect(letters).toEqual([]);
  });

  it("has all tried again first", async () => {
    const { calls } = await run([1, 3], { retry: { maxAttempts: 2, baseDelay: 0 } });
    expect(calls).toEqual([[1, 2, 3, 4], [1, 2, 3, 4]]);
  });

  it.each([[[]], [[0, 1, 2, 3]], [[7]]])("means all rows by %o", async (places) => {
    const { calls, letters } = await run(places, { isolate: "none" });
    expect(calls.length).toBe(1);
    expect(letters.map(({ item }) => item)).toEqual([1, 2, 3, 4]);
  });

  it("is told from others", () => {
    expect(blameOf(new Error("gone"))).toBe(undefined);
    expect(blameOf(undefined)).toBe(undefined);
  });
});
