import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readJson } from "../../../src/adapters/json.ts";
import { told } from "../../support/told.ts";

const runs = 200;
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Chunks of some sizes. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const all = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b)];
  return [...all, bytes.length].slice(1).map((end, index) => bytes.subarray(all[index], end));
}

const value = fc.jsonValue({ maxDepth: 3 });
const cuts = fc.array(fc.nat(1000), { maxLength: 5 });
const space = fc.constantFrom(undefined, 1, "\t");

describe("readJson", () => {
  it("gives the elements that JSON.parse gives, however the bytes are cut", async () => {
    const property = fc.asyncProperty(
      fc.array(value),
      space,
      cuts,
      async (list, indent, places) => {
        const chunks = cut(bytesOf(JSON.stringify(list, null, indent)), places);
        const expected = JSON.parse(JSON.stringify(list));
        expect(await told(readJson(chunks))).toEqual(expected);
        expect(await told(readJson(chunks, { path: "$" }))).toEqual([expected]);
      },
    );
    await fc.assert(property, { seed: 20, numRuns: runs });
  });

  it("finds the same elements inside other values", async () => {
    const property = fc.asyncProperty(
      value,
      fc.array(value),
      value,
      cuts,
      async (a, list, b, places) => {
        const text = JSON.stringify({ before: a, 'a "b"': [0, { list }, b], after: b });
        const given = await told(
          readJson(cut(bytesOf(text), places), { path: '$["a \\"b\\""][1].list[*]' }),
        );
        expect(given).toEqual(JSON.parse(JSON.stringify(list)));
      },
    );
    await fc.assert(property, { seed: 21, numRuns: runs });
  });

  it("fails wherever JSON.parse fails, whatever character is wrong", async () => {
    const wrong = fc.constantFrom(...'{}[],:"\\ 0-+.eatfn\n\u0001é');
    const mutation = fc.tuple(fc.nat(1000), fc.constantFrom(0, 1), wrong);
    const property = fc.asyncProperty(value, mutation, cuts, async (any, change, places) => {
      const [at, removed, letter] = change;
      const text = JSON.stringify({ other: any, list: [any, 1] });
      const place = at % (text.length + 1);
      const spoilt = text.slice(0, place) + letter + text.slice(place + removed);
      let parsed: unknown;
      let isJson = true;
      try {
        parsed = JSON.parse(spoilt);
      } catch {
        isJson = false;
      }
      const given = await told(readJson(cut(bytesOf(spoilt), places), { path: "$.list[*]" }));
      const failure = given.find((item) =>
        typeof item === "string" && item.startsWith("RecordError")
      );
      const { list } = Object(parsed) as { list?: unknown };
      const keys = isJson ? [...spoilt.matchAll(/"list":/g)].length : 0;
      if (!isJson || !Array.isArray(list)) expect(failure, spoilt).toBeDefined();
      else if (keys === 1) expect(given, spoilt).toEqual(list);
    });
    await fc.assert(property, { seed: 22, numRuns: 2 * runs });
  });
});
