import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCsv, type ReadCsvOptions } from "../../../../src/adapters/csv.ts";
import { rowsOf } from "../../../support/csv/read.ts";

/** Rows, and of what is malformed its text and why. */
async function read(pieces: readonly Uint8Array[], options: ReadCsvOptions): Promise<unknown[]> {
  const rows = readCsv(pieces, { ...options, malformed: "item", positions: true });
  try {
    return (await rowsOf(rows)).map((row: unknown) =>
      row instanceof Error ? [Object(row).raw, row.message] : row
    );
  } catch (error) {
    return [(error as Error).message]; // Of the header.
  }
}

describe("readCsv", () => {
  const part = fc.constantFrom(
    ...['"', '""', ",", ";", "\n", "\r\n", "\r", "ä", "😀", "#", '"x\n', ',"', '",', "bcd", " "],
    ...["\xFF", "\xC3"], // Written as single bytes, which are not UTF-8.
  );
  const bytes = fc.array(part, { minLength: 1, maxLength: 30 }).map((parts) => {
    const all = parts.flatMap((text) =>
      text === "\xFF" || text === "\xC3"
        ? [text.charCodeAt(0)]
        : [...new TextEncoder().encode(text)]
    );
    return Uint8Array.from(all);
  });
  const options = fc.record({
    maxRecordBytes: fc.constantFrom(5, 16_777_216),
    comment: fc.constantFrom(undefined, "#"),
    delimiter: fc.constantFrom("auto", ",", ";"),
    header: fc.constantFrom(false, true),
  });

  it("gives the same rows, lines and bytes wherever the bytes are cut", async () => {
    const isTheSame = fc.asyncProperty(bytes, options, async (whole, told) => {
      const expected = await read([whole], told);
      for (let at = 1; at < whole.length; at++) {
        expect(await read([whole.subarray(0, at), whole.subarray(at)], told)).toEqual(expected);
      }
      expect(await read(Array.from(whole, (byte) => Uint8Array.of(byte)), told)).toEqual(expected);
    });
    await fc.assert(isTheSame, { seed: 4180, numRuns: 25 });
  });

  it("tells places from which the rest is read as it was", async () => {
    const isTheSame = fc.asyncProperty(bytes, async (whole) => {
      const told = { header: false, delimiter: ",", malformed: "item", positions: true } as const;
      const rows = await rowsOf(readCsv([whole], told));
      for (const [index, row] of rows.entries()) {
        if (row instanceof Error) continue;
        const from = {
          byte: row.end,
          line: row.line + row.value.join().split(/\r\n|\r|\n/).length,
        };
        const input = { name: "", content: [whole.subarray(row.end)], from };
        const rest = await rowsOf(readCsv(input, told));
        expect(rest.map((one: unknown) => one instanceof Error ? one.message : one))
          .toEqual(
            rows.slice(index + 1).map((one: unknown) => one instanceof Error ? one.message : one),
          );
      }
    });
    await fc.assert(isTheSame, { seed: 4180, numRuns: 40 });
  });
});
