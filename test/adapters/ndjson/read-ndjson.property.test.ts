import fc from "fast-check";
import { expect, it } from "vitest";
import { readNdjson } from "../../../src/adapters/ndjson.ts";
import { told } from "../../support/told.ts";

// One in four lines is blank or broken.
const line = fc.oneof(
  { weight: 6, arbitrary: fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.constantFrom("", " ", "\t") },
  { weight: 1, arbitrary: fc.constantFrom("{", "1,2", "1],[2", "nul", '"é', "😀") },
);
const file = fc.record({
  lines: fc.array(line, { maxLength: 8 }),
  brk: fc.constantFrom("\n", "\r\n"),
  ending: fc.boolean(),
  cuts: fc.array(fc.nat(200), { maxLength: 4 }),
});

it("gives what JSON.parse makes of each line, and where it is, however the bytes are cut", async () => {
  await fc.assert(
    fc.asyncProperty(file, async ({ lines, brk, ending, cuts }) => {
      const bytes = new TextEncoder().encode(lines.join(brk) + (ending ? brk : ""));
      const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
      const expected: unknown[] = [];
      let byte = 0;
      lines.forEach((text, index) => {
        const isEnding = ending || index < lines.length - 1;
        const end = byte + new TextEncoder().encode(text + (isEnding ? brk : "")).length;
        if (text.trim() !== "") {
          try {
            expected.push({ value: JSON.parse(text), line: index + 1, end });
          } catch {
            expected.push({ line: index + 1, byte });
          }
        }
        byte = end;
      });
      const given = await told(readNdjson(chunks, { positions: true, malformed: "item" }));
      const shown = given.map((item: unknown) =>
        item instanceof Error ? (({ line, byte }) => ({ line, byte }))(item.cause as never) : item
      );
      expect(shown).toEqual(expected);
    }),
    { seed: 20, numRuns: 150 },
  );
});
