import { readCsv } from "../../src/adapters/csv.ts";
import { readJson } from "../../src/adapters/json.ts";
import { readNdjson } from "../../src/adapters/ndjson.ts";
import type { Input } from "../../src/bytes/input.ts";
import { describe, expect, it } from "vitest";
import { readerOptions } from "../../src/bytes/reader-options.ts";
import { checkOptions } from "../../src/plain-options.ts";

describe("readerOptions", () => {
  it("has defaults", () => {
    expect(checkOptions("read", {}, readerOptions)).toEqual({
      decompress: "auto",
      encoding: undefined,
      maxRecordBytes: 16_777_216,
      malformed: "error",
    });
  });

  it.each([
    [{ encoding: "utf-9" }, "the name of an encoding, such as utf-8, utf-16le or windows-1252"],
    [{ malformed: "drop" }, '"error" or "item": current value is "drop"'],
    [{ maxRecordBytes: 0 }, "a positive integer or Infinity: current value is 0"],
  ])("refuses %j", (options, words) => {
    expect(() => checkOptions("read", options as object, readerOptions)).toThrow(words);
  });
});

describe("positions of a list of inputs", () => {
  const positions = true;
  const readers = {
    readCsv: (input: Input) =>
      readCsv(input, { positions, header: ["n"], columns: { n: "number" } }),
    readJson: (input: Input) => readJson(input, { positions, path: "$" }),
    readNdjson: (input: Input) => readNdjson(input, { positions }),
  };
  const namesIn = async (reader: keyof typeof readers, input: Input): Promise<unknown[]> => {
    const records = (await Array.fromAsync(readers[reader](input).source)).flat();
    return records.map((record) => "name" in record ? record.name : "none");
  };

  it.each(Object.keys(readers) as (keyof typeof readers)[])(
    "%s tells their names",
    async (reader) => {
      const gzipped = new Blob(["3\n"]).stream().pipeThrough(new CompressionStream("gzip"));
      const list = [
        { name: "a", content: ["1\n"] },
        new File(["2\n"], "b"),
        { name: "c", content: gzipped },
        new Blob(["4\n"]),
      ];
      expect(await namesIn(reader, list)).toEqual(["a", "b", "c", "none"]);
      expect(await namesIn(reader, { name: "a", content: ["1\n"] })).toEqual(["none"]);
      expect(await namesIn(reader, new File(["2\n"], "b"))).toEqual(["none"]);
      expect(await namesIn(reader, ["1", "\n"])).toEqual(["none"]);
    },
  );
});
