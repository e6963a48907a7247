import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeCsv, type EncodeCsvOptions, readCsv } from "../../../src/adapters/csv.ts";
import { BatchError } from "../../../src/errors.ts";
import { rowsOf } from "../../support/csv/read.ts";

async function encoded(rows: readonly object[], options?: EncodeCsvOptions): Promise<string> {
  const source = new ReadableStream<object>({
    start(controller) {
      for (const row of rows) controller.enqueue(row);
      controller.close();
    },
  });
  const encoder = encodeCsv<object>(options as EncodeCsvOptions<object>);
  // Not by `Response.text`, which removes a byte-order mark.
  const bytes = new Uint8Array(await new Response(source.pipeThrough(encoder)).arrayBuffer());
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** The messages of the rows that cannot be encoded, by their index. */
function failuresOf(rows: readonly unknown[], options?: EncodeCsvOptions): [number, string][] {
  try {
    encodeCsv(options).body(rows as Record<string, unknown>[]);
  } catch (error) {
    if (!(error instanceof BatchError)) throw error;
    return [...error.failures].map(([index, failure]) => [index, (failure as Error).message]);
  }
  return [];
}

describe("encodeCsv", () => {
  it("writes a header and rows", async () => {
    const rows = [{ id: 1, name: "a,b" }, { name: null, id: 2 }];
    expect(await encoded(rows)).toBe('id,name\r\n1,"a,b"\r\n2,\r\n');
    expect(await encoded(rows, { header: false, newline: "\n" })).toBe('1,"a,b"\n2,\n');
    expect(await encoded(rows, { delimiter: ";" })).toBe("id;name\r\n1;a,b\r\n2;\r\n");
    expect(await encoded(rows, { columns: ["name", "x"] })).toBe('name,x\r\n"a,b",\r\n,\r\n');
  });

  it("writes a header without rows where it knows the columns", async () => {
    expect(await encoded([], { columns: ["a", "=b"] })).toBe("a,'=b\r\n");
    expect(await encoded([], { byteOrderMark: true })).toBe("\uFEFF");
    expect(await encoded([])).toBe("");
  });

  it("writes no blank line, which would be no record", async () => {
    expect(await encoded([{ a: null }, { a: "" }])).toBe('a\r\n""\r\n""\r\n');
  });

  it("begins with a byte-order mark if it is asked to", async () => {
    expect(await encoded([{ a: 1 }], { byteOrderMark: true })).toBe("\uFEFFa\r\n1\r\n");
  });

  it("tells the kind of its files", () => {
    expect(encodeCsv()).toMatchObject({ extension: "csv", contentType: "text/csv" });
    expect(encodeCsv({ delimiter: "\t" }))
      .toMatchObject({ extension: "tsv", contentType: "text/tab-separated-values" });
  });

  it("names each row that is not as the first, or cannot be written", () => {
    const rows = [{ a: 1, b: 2 }, { a: 1 }, { b: 1, a: 2 }, { a: 1, b: 2, c: 3 }, null, {
      a: 1,
      b: NaN,
    }];
    expect(failuresOf(rows)).toEqual([
      [1, "Cannot encode row: it lacks 'b', which the first row has (row 1)"],
      [3, "Cannot encode row: it has 'c', and the first row has not (row 3)"],
      [4, "Cannot encode row: it must be an object: current value is null (row 4)"],
      [5, "Cannot encode row: 'b' must be a value that CSV can hold: current value is NaN (row 5)"],
    ]);
    expect(failuresOf(rows, { columns: ["a"] }).map(([index]) => index)).toEqual([4]);
  });

  it("keeps the columns of the first rows for all that follow", () => {
    const { head, body } = encodeCsv();
    expect(head([{ a: 1, b: 2 }])).toBe("a,b\r\n");
    expect(body([{ b: 3, a: 4 }])).toBe("4,3\r\n");
    expect(() => body([{ a: 1 }])).toThrow(BatchError);
  });

  it.each<[EncodeCsvOptions, string]>([
    [{ columns: [] }, "'columns' must be an array of different names"],
    [{ columns: ["a", "a"] }, "'columns' must be an array of different names"],
    [{ delimiter: "\n" }, "'delimiter' must be a text without quotes and line breaks"],
  ])("refuses %j", (options, expected) => {
    expect(() => encodeCsv(options)).toThrow(`Cannot encode CSV as ${expected}`);
  });

  it("writes what readCsv reads as it was", async () => {
    const text = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 8 }),
      fc.stringMatching(/^[",;\r\n\t =+#|'-]{0,6}$/),
      fc.constant(null),
    );
    const table = fc.tuple(
      fc.uniqueArray(fc.string({ maxLength: 4 }), { minLength: 2, maxLength: 5 }),
      fc.array(fc.array(text, { minLength: 5, maxLength: 5 }), { minLength: 1, maxLength: 6 }),
      fc.constantFrom(",", ";", "\t", "|", "||"),
      fc.constantFrom("\r\n" as const, "\n" as const),
    ).map(([names, cells, delimiter, newline]) => ({
      rows: cells.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]!]))),
      options: { delimiter, newline },
    }));
    const isAsBefore = fc.asyncProperty(table, async ({ rows, options }) => {
      const file = await encoded(rows, { ...options, formulas: "allow" });
      const { delimiter } = options;
      expect(await rowsOf(readCsv([file], { delimiter, empty: null }))).toEqual(rows);
    });
    await fc.assert(isAsBefore, { seed: 4180, numRuns: 60 });
  });
});
