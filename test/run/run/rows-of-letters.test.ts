import { describe, expect, it } from "vitest";
import {
  BatchError,
  type DeadLetter,
  etl,
  many,
  type Pipeline,
  replay,
  wholeBatch,
} from "../../../src/index.ts";
import { KeptLetters } from "../../support/dead-letters/kept-letters.ts";

/** Loads the numbers from 0 to 3 whose rows are several, of which one row fails. */
async function failed(members: Partial<Pipeline<number, string>>) {
  const kept = new KeptLetters<number>();
  const loads: string[][] = [];
  const pipeline: Pipeline<number, string> = {
    name: "numbers",
    extract: () => [0, 1, 2, 3],
    ...members,
    load: (rows) => {
      const bad = rows.flatMap((row, index) => row.endsWith("!") ? [index] : []);
      if (bad.length > 0) throw new BatchError(new Map(bad.map((row) => [row, "no"])));
      loads.push(rows);
    },
  };
  const report = await etl(pipeline).run({ batchSize: 4, deadLetters: kept.stream });
  return { kept, loads, report, pipeline };
}

const several = (n: number) => {
  if (n === 0) return "0";
  if (n === 1) return many(["1a", "1b!", "1c!"]);
  return n === 2 ? many(["2!"]) : many(["3a", "3b"]);
};

describe("an item with several rows", () => {
  it.each<[string, Partial<Pipeline<number, string>>]>([
    ["sync", { transform: several }],
    ["async", { transform: async (n) => several(n) }],
    ["of a batch", { transformBatch: (ns) => ns.map(several) }],
  ])("is one letter, which has a row where it is the only one: %s", async (_, members) => {
    const { kept, loads, report } = await failed(members);
    expect(kept.letters).toMatchObject([
      { item: 1, offset: 1, stage: "load", error: "no" },
      { item: 2, offset: 2, stage: "load", error: "no", row: "2!" },
    ]);
    expect("row" in kept.letters[0]!).toBe(false);
    expect(loads).toEqual([["0", "3a", "3b"]]);
    expect(report).toMatchObject({ loaded: 2, deadLettered: 2, rows: 3, batches: 1 });
  });

  it("is transformed again by a replay", async () => {
    const { kept, pipeline } = await failed({ transform: several });
    const loads: string[][] = [];
    const fixed = { ...pipeline, load: (rows: string[]) => void loads.push(rows) };
    const letters = kept.letters as readonly DeadLetter<number>[];
    const report = await replay([...letters], fixed).run({ batchSize: 2 });
    expect(loads).toEqual([["1a", "1b!", "1c!", "2!"]]);
    expect(report).toMatchObject({ loaded: 2, rows: 4 });
  });
});

it("rows of a whole batch are given up on together, without rows", async () => {
  const transformBatch = (ns: number[]) => wholeBatch([`${ns.length}!`]);
  const { kept, report } = await failed({ transformBatch });
  expect(kept.letters.map(({ item }) => item)).toEqual([0, 1, 2, 3]);
  expect(kept.letters.some((letter) => "row" in letter)).toBe(false);
  expect(report).toMatchObject({ loaded: 0, deadLettered: 4, rows: 0, skipped: 0 });
});

it("a plain run counts rows and items", async () => {
  const options = { batchSize: 2 };
  const pipeline = { name: "plain", extract: () => [0, 3, 3], load: () => {} };
  expect(await etl<number, string>({ ...pipeline, transform: several }).run(options))
    .toMatchObject({ loaded: 3, rows: 5, batches: 2 });
  expect(await etl(pipeline).run(options)).toMatchObject({ loaded: 3, rows: 3 });
});
