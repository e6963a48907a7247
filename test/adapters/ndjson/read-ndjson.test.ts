import { describe, expect, it } from "vitest";
import { compress } from "../../../src/adapters/compression.ts";
import { readNdjson, type ReadNdjsonOptions } from "../../../src/adapters/ndjson.ts";
import { etl } from "../../../src/index.ts";
import { told } from "../../support/told.ts";

const read = (input: Parameters<typeof readNdjson>[0], options?: ReadNdjsonOptions) =>
  told(readNdjson(input, options as object));

describe("readNdjson", () => {
  it.each<[string, string, unknown[]]>([
    ["lines", "1\n2\n", [1, 2]],
    ["a last line without a break", "1\n2", [1, 2]],
    ["CRLF and blank lines", "1\r\n\r\n \t\n\n2\r\n", [1, 2]],
    ["a mark at the beginning", "\uFEFF[1]\n[2]", [[1], [2]]],
    ["nothing", "", []],
    ["any kind of value", '"é\\n😀"\nnull\n{"a":{"b":[]}}\n', ["é\n😀", null, { a: { b: [] } }]],
  ])("reads %s, split at any byte", async (_, text, expected) => {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at <= bytes.length; at++) {
      expect(await read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(expected);
    }
  });

  it("gives an array for each chunk", async () => {
    const { source } = readNdjson(["1\n2\n3", "\n4\n"]);
    expect(await Array.fromAsync(source as ReadableStream<number[]>)).toEqual([[1, 2], [3, 4]]);
  });

  it("tells the line of each record and the byte after it", async () => {
    const text = '\uFEFF"é"\r\n\n  \n{}\n[\t1]';
    const expected = [
      { value: "é", line: 1, end: 9 },
      { value: {}, line: 4, end: 16 },
      { value: [1], line: 5, end: 20 },
    ];
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at <= bytes.length; at++) {
      const chunks = [bytes.subarray(0, at), bytes.subarray(at)];
      expect(await read(chunks, { positions: true }), `split at ${at}`).toEqual(expected);
    }
    const [first] = expected;
    const rest = {
      name: "rest",
      content: [bytes.subarray(first!.end)],
      from: { byte: first!.end, line: first!.line + 1 },
    };
    expect(await read(rest, { positions: true })).toEqual(expected.slice(1));
  });

  it("fails at a line that is not JSON, after what comes before", async () => {
    const expected = [
      1,
      2,
      /^RecordError: Cannot read line as JSON: .+ \(a\.ndjson, line 4, byte 5\): current value is "1,2"$/,
    ];
    const given = await read({ name: "a.ndjson", content: ["1\n\n2\n1,2\n3\n"] });
    expect(given).toEqual([1, 2, expect.stringMatching(expected[2] as RegExp)]);
  });

  it("shows the start of a long line", async () => {
    const [error] = await read([`{${"é".repeat(500)}`]);
    expect(error).toMatch(/\(line 1, byte 0\): current value is "\{é{59}…"$/);
  });

  it("passes malformed lines on in their places, with what they are", async () => {
    const text = "1\nx\n2\n\ny\r\n3\nz";
    const given = await read([text], { malformed: "item", positions: true });
    expect(given.map((item) => item instanceof Error ? (item as { raw?: unknown }).raw : item))
      .toEqual([
        { value: 1, line: 1, end: 2 },
        "x",
        { value: 2, line: 3, end: 6 },
        "y\r",
        { value: 3, line: 6, end: 12 },
        "z",
      ]);
    const places = given.filter((item) => item instanceof Error).map(({ cause }) => cause);
    expect(places).toMatchObject([{ line: 2, byte: 2 }, { line: 5, byte: 7 }, {
      line: 7,
      byte: 12,
    }]);
  });

  it("dead-letters malformed lines in a run", async () => {
    const loaded: unknown[] = [];
    const letters: unknown[] = [];
    const report = await etl({
      name: "numbers",
      extract: () => readNdjson(["1\n{\n3\n"], { malformed: "item" }),
      load: (rows) => void loaded.push(...rows),
    }).run({
      batchSize: 10,
      deadLetters: new WritableStream({
        write: ({ item, stage }) => void letters.push([item, stage]),
      }),
    });
    expect([loaded, letters, report.deadLettered]).toEqual([[1, 3], [["{", "extract"]], 1]);
  });

  it("refuses a record of too many bytes, and goes on after it", async () => {
    const text = '"123"\n"1234567"\n"ä"\n"7654321"';
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at <= bytes.length; at++) {
      const chunks = [bytes.subarray(0, at), bytes.subarray(at)];
      const given = await read(chunks, { maxRecordBytes: 6, malformed: "item" });
      expect(given, `split at ${at}`).toEqual(["123", expect.any(Error), "ä", expect.any(Error)]);
    }
    expect(await read([text], { maxRecordBytes: 6 })).toEqual([
      "123",
      expect.stringMatching(
        /^RecordError: Cannot read line: it is longer than 6 bytes, which is 'maxRecordBytes' \(line 2, byte 6\)/,
      ),
    ]);
  });

  it("reads UTF-16 by its mark or by name, and other encodings by name", async () => {
    const wide = Uint8Array.from([...'\uFEFF"é"\n"b\u0A0A"\n'].flatMap((char) => {
      const code = char.charCodeAt(0);
      return [code & 255, code >> 8];
    }));
    for (let at = 0; at <= wide.length; at++) {
      expect(await read([wide.subarray(0, at), wide.subarray(at)])).toEqual(["é", "b\u0A0A"]);
    }
    const positions = await read([wide.subarray(2)], { encoding: "utf-16le", positions: true });
    expect(positions).toMatchObject([{ line: 1, end: 8 }, { line: 2, end: 18 }]);
    const latin = [Uint8Array.of(34, 0xE9, 34)];
    expect(await read(latin, { encoding: "latin1" })).toEqual(["é"]);
    expect(await read(['"é"'], { encoding: "latin1" })).toEqual(["é"]); // Text is text.
  });

  it("names the line that is not of the encoding", async () => {
    const bytes = Uint8Array.from([49, 10, 34, 0xFF, 34, 10, 50, 10]);
    expect(await read([bytes])).toEqual([
      1,
      expect.stringMatching(
        /^RecordError: Cannot read line as utf-8: .+ \(line 2, byte 2\): .+"\\"\uFFFD\\""$/,
      ),
    ]);
    expect(await read([bytes], { malformed: "item" })).toEqual([1, expect.any(Error), 2]);
  });

  it("decompresses, and gives what comes before a cut", async () => {
    const text = Array.from({ length: 500 }, (_, id) => `{"id":${id},"n":${id * id % 97}}\n`).join(
      "",
    );
    const packed = await new Response(new Blob([text]).stream().pipeThrough(compress("gzip")))
      .bytes();
    expect(await read(packed)).toHaveLength(500);
    const given = await read(new File([packed.subarray(0, -9)], "a.gz"));
    expect(given.length).toBeGreaterThan(400);
    expect(given.at(-1)).toMatch(
      /^InputError: Cannot read gzip data: .+ \(a\.gz, after \d+ bytes\)$/,
    );
    const asIs = await read(packed, { decompress: "none" });
    expect(asIs).toEqual([expect.stringContaining("RecordError: Cannot read line as utf-8")]);
  });

  it("cancels its input when the run ends early", async () => {
    const reasons: unknown[] = [];
    const input = new ReadableStream<string>({
      start: (controller) => controller.enqueue("1\n2\n"),
      cancel: (reason) => void reasons.push(reason),
    });
    const failing = etl({
      name: "failing",
      extract: () => readNdjson(input),
      load: () => Promise.reject(new Error("full")),
    });
    await expect(failing.run({ batchSize: 2 })).rejects.toThrow("full");
    expect(reasons).toHaveLength(1);
  });

  it.each<[object, string]>([
    [{ positions: 1 }, "'positions' must be a boolean"],
    [{ maxRecordByte: 1 }, "'maxRecordByte' must be a known option, perhaps 'maxRecordBytes'"],
    [{ encoding: "utf8mb4" }, "'encoding' must be the name of an encoding"],
  ])("refuses %j", (options, words) => {
    expect(() => readNdjson(["1"], options)).toThrow(`Cannot read NDJSON as ${words}`);
  });

  it("refuses a path", () => {
    expect(() => readNdjson("users.ndjson" as never)).toThrow(
      "Cannot read NDJSON as 'input' must be",
    );
  });
});
