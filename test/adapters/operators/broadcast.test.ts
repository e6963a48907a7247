import { describe, expect, it } from "vitest";
import { BatchError, type DeadLetter, etl, RetryAfterError } from "../../../src/index.ts";
import { broadcast } from "../../../src/adapters/operators.ts";

function letters() {
  const list: DeadLetter<number>[] = [];
  const stream = new WritableStream<DeadLetter<number>>({
    write: (letter) => void list.push(letter),
  });
  return { list, stream };
}

const told = ({ item, branches, error }: DeadLetter<number>) => [
  item,
  branches,
  (error as Error).message,
];

describe("broadcast", () => {
  it("gives all rows to all branches, each in an array of its own", async () => {
    const lists: number[][] = [[], []];
    const load = broadcast<number>(lists.map((list) => (rows) => {
      list.push(...rows.splice(0));
    }));
    const report = await etl({ name: "numbers", extract: () => [1, 2, 3], load }).run({
      batchSize: 2,
    });
    expect(lists).toEqual([[1, 2, 3], [1, 2, 3]]);
    expect(report.branches).toEqual({
      0: { given: 3, loaded: 3 },
      1: { given: 3, loaded: 3 },
    });
  });

  it("writes one letter for an item, which names all branches that lack it", async () => {
    const refuse = (...bad: number[]) => (rows: number[]) => {
      const found = rows.flatMap((row, index) => bad.includes(row) ? [index] : []);
      if (found.length === 0) return;
      throw new BatchError(new Map(found.map((index) => [index, new Error(`no ${rows[index]}`)])));
    };
    const { list, stream } = letters();
    const load = broadcast({ a: refuse(1, 2), b: refuse(2, 3), c: () => {} });
    const report = await etl({ name: "numbers", extract: () => [1, 2, 3, 4], load }).run({
      batchSize: 4,
      deadLetters: stream,
    });
    expect(list.map(told)).toEqual([
      [1, ["a"], "no 1"],
      [2, ["a", "b"], "no 2"],
      [3, ["b"], "no 3"],
    ]);
    expect(report.branches).toMatchObject({
      a: { given: 4, loaded: 2, deadLettered: 2 },
      b: { given: 4, loaded: 2, deadLettered: 2 },
      c: { given: 4, loaded: 4 },
    });
  });

  it("tells apart the rows that share one error", async () => {
    const shared = Object.assign(new Error("shared"), { code: "E42" });
    const { list, stream } = letters();
    const load = broadcast({
      a: (rows: number[]) => {
        if (rows.includes(1)) throw shared;
      },
      b: (rows: number[]) => {
        if (rows.includes(2)) throw shared;
      },
    });
    await etl({ name: "numbers", extract: () => [1, 2, 3], load }).run({
      batchSize: 3,
      deadLetters: stream,
    });
    expect(list.map(told)).toEqual([[1, ["a"], "shared"], [2, ["b"], "shared"]]);
    expect(list.map(({ error }) => (error as { code: string }).code)).toEqual(["E42", "E42"]);
  });

  it("has an error that says when to try again heeded", async () => {
    let calls = 0;
    const load = broadcast({
      a: () => {
        if (calls++ === 0) throw new RetryAfterError(1);
      },
      b: () => {},
    });
    const report = await etl({ name: "numbers", extract: () => [1], load }).run({
      retry: { load: { maxAttempts: 2, baseDelay: 1e9, jitter: "none" } },
    });
    expect(report.branches).toEqual({
      a: { given: 1, loaded: 1, retries: 1 },
      b: { given: 1, loaded: 1 },
    });
  });

  it("names its error where it is no object", async () => {
    const { list, stream } = letters();
    const load = broadcast({
      a: () => {
        throw "gone";
      },
    });
    await etl({ name: "numbers", extract: () => [1], load }).run({ deadLetters: stream });
    expect(list).toMatchObject([{ item: 1, branches: ["a"], error: { cause: "gone" } }]);
  });

  it.each([
    [undefined, "'branches' must be an object of loads by name: current value is undefined"],
    [{}, "'branches' must be an object of loads by name: current value is \"an empty object\""],
    [[() => {}, 1], "'branches.1' must be a function: current value is 1"],
  ])("refuses %o as its branches", (branches, words) => {
    expect(() => broadcast(branches as never)).toThrow(`Cannot construct broadcast as ${words}`);
  });
});
