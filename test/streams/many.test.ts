import { describe, expect, it } from "vitest";
import { ConfigurationError, etl, many, skip, wholeBatch } from "../../src/index.ts";
import { type InPlace, isMany } from "../../src/streams/many-mark.ts";

/** What the engine sees of them. */
const seen = (rows: unknown) => rows as InPlace;

describe("many()", () => {
  it("has rows of its own, as the user may fill the same array again", () => {
    const buffer = [1, , 3];
    const rows = seen(many(buffer));
    buffer.length = 0;
    expect(rows.rows).toEqual([1, undefined, 3]);
  });

  it.each([undefined, null, "ab", 1, new Set([1])])("refuses what is no array: %o", (rows) => {
    for (const [name, make] of Object.entries({ many, wholeBatch })) {
      const call = () => make(rows as never);
      expect(call).toThrow(ConfigurationError);
      expect(call).toThrow(`Cannot call ${name}() as 'rows' must be an array: `);
    }
  });

  it("survives a promise of it", async () => {
    const rows = many([1]);
    expect(await rows).toBe(rows);
    expect(isMany(await Promise.resolve(rows))).toBe(true);
  });

  it("shares no rows among the items of a batch", () => {
    expect(seen(many([1])).share(2)).toBeUndefined();
  });

  it("expands among other results", () => {
    const rows = many(["b", "c"]);
    expect(seen(rows).expand(["a", rows, skip, many([]), rows, undefined])).toEqual({
      ...{ values: ["a", "b", "c", "b", "c", undefined], items: [0, 1, 1, 4, 4, 5] },
      ...{ itemCount: 4, isDivisible: true },
    });
  });
});

describe("wholeBatch()", () => {
  it("stands once for all items that share it, also where some are left out", () => {
    const [first, second] = seen(wholeBatch(["a", "b"])).share(2)!;
    expect(first).toBe(second);
    const [other] = seen(wholeBatch(["c"])).share(1)!;
    expect(first!.expand([first, skip, second, "row", other])).toEqual({
      ...{ values: ["a", "b", "row", "c"], items: [0, 2, 3, 4] },
      ...{ itemCount: 4, isDivisible: false },
    });
  });

  it("leaves out all items if it has no rows", () => {
    const shares = seen(wholeBatch([])).share(2)!;
    expect(shares[0]!.expand(shares)).toMatchObject({ values: [], items: [], itemCount: 0 });
  });

  it.each([
    ["transform", { transform: () => wholeBatch([1]) }],
    ["an async transform", { transform: async () => wholeBatch([1]) }],
    ["an entry of transformBatch", { transformBatch: () => [wholeBatch([1])] }],
  ])("is refused as %s", async (_, members) => {
    const deadLetters = new WritableStream();
    for (const options of [{}, { deadLetters, retry: { maxAttempts: 2 } }]) {
      const pipeline = { name: "n", extract: () => [1], ...members, load: () => {} };
      await expect(etl<number>(pipeline as never).run(options)).rejects.toMatchObject({
        stage: "transform",
        message: expect.stringContaining("'wholeBatch' must be the result of 'transformBatch'"),
      });
    }
  });
});
