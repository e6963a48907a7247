import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as zlib from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileSink, type FileSinkOptions } from "../../../src/adapters/file.ts";
import { decompress } from "../../../src/adapters/compression.ts";
import { encodeCsv } from "../../../src/adapters/csv.ts";
import { type SinkRow, testSink } from "../../../src/adapters/testing.ts";
import type { RowFormat } from "../../../src/bytes/row-encoder.ts";
import { BatchError, ConfigurationError } from "../../../src/errors.ts";
import { etl, skip } from "../../../src/index.ts";

let folder = "";
let path = "";
const text = () => readFileSync(path, "utf8");

/** Rows as JSON lines. */
const lines: RowFormat<object> = {
  head: () => "",
  body: (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join(""),
  separator: "",
  tail: () => "",
  extension: "ndjson",
  contentType: "application/x-ndjson",
};

/** Rows as one array, whose end is not known before the last of them. */
const list: RowFormat<object> = {
  ...lines,
  head: () => "[",
  body: (rows) => rows.map((row) => JSON.stringify(row)).join(","),
  separator: ",",
  tail: () => "]",
};

const rowsOf = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ id: from + index }));

/** Runs rows into the file, and gives the report. */
async function write(
  rows: Iterable<object>,
  options: Partial<FileSinkOptions<object>> = {},
  marks = true,
  ends = false,
) {
  const sink = fileSink(path, { format: lines, ...options });
  const postProcess = ends ? sink.writeEmpty : undefined;
  const pipeline = etl({ name: "rows", extract: () => rows, load: sink.load, postProcess });
  return await pipeline.run({ batchSize: 2, ...(marks && { checkpoints: sink.checkpoints }) });
}

/** Defines the tests of `fileSink` for a host that has files. */
export function testFileSink(): void {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-file-"));
    path = join(folder, "rows.out");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  describe("fileSink()", () => {
    testSink(it, { create: testedSink });
    testContents();
    testFiles();
    testWriteEmpty();
  });
}

/** A sink that refuses an id that is in the file already, as a table with a key does. */
function testedSink() {
  const own = join(mkdtempSync(join(folder, "sink-")), "rows");
  const rows = () => {
    try {
      return readFileSync(own, "utf8").split("\n").filter(Boolean)
        .map((line) => JSON.parse(line) as SinkRow);
    } catch {
      return [];
    }
  };
  const format: RowFormat<SinkRow> = {
    ...lines,
    body(given) {
      const ids = new Set(rows().map(({ id }) => id));
      const failures = new Map<number, Error>();
      given.forEach(({ id, name, ...others }, index) => {
        const isRow = typeof name === "string" && Object.keys(others).length === 0;
        if (ids.has(id) || !isRow) failures.set(index, new Error("It is there, or it is no row"));
        ids.add(id);
      });
      if (failures.size > 0) throw new BatchError(failures);
      return lines.body(given);
    },
  };
  return {
    ...fileSink<SinkRow>(own, { format }),
    rows,
    deadLetters: () => new WritableStream(),
    close: () => {},
  };
}

function testContents(): void {
  it("writes what is whole after each batch", async () => {
    const seen: unknown[] = [];
    const sink = fileSink(path, { format: list });
    const load = sink.wrap(async (rows: object[], _context, load) => {
      if (seen.length > 0 || rows.length === 0) seen.push(JSON.parse(text()));
      else seen.push([]);
      await load(rows);
    });
    const { checkpoints } = sink;
    await etl({ name: "rows", extract: () => rowsOf(0, 5), load }).run({
      batchSize: 2,
      checkpoints,
    });
    expect(seen).toEqual([[], rowsOf(0, 2), rowsOf(0, 4)]);
    expect(JSON.parse(text())).toEqual(rowsOf(0, 5));
  });

  it("compresses each batch by itself", async () => {
    await write(rowsOf(0, 3), { compress: "gzip", format: list });
    await write(rowsOf(0, 6), { compress: "gzip", format: list });
    expect(JSON.parse(zlib.gunzipSync(readFileSync(path)).toString())).toEqual(rowsOf(0, 6));
  });

  it("compresses by zstd where the platform has it, and refuses it elsewhere", async () => {
    const run = write(rowsOf(0, 3), { compress: "zstd", format: list });
    if (!("zstdCompress" in zlib)) {
      return await expect(run).rejects.toThrow("that this platform has");
    }
    await run;
    const unpacked = await new Response(decompress(readFileSync(path))).text();
    expect(JSON.parse(unpacked)).toEqual(rowsOf(0, 3));
  });

  it("goes on where an earlier run has ended", async () => {
    await write(rowsOf(0, 3));
    const report = await write(rowsOf(0, 6));
    expect(report).toMatchObject({ loaded: 3, guarantee: "effectively-once" });
    expect(text()).toBe(lines.body(rowsOf(0, 6)));
  });

  it("appends what every run without checkpoints gives", async () => {
    await write(rowsOf(0, 3), {}, false);
    await write(rowsOf(3, 5), {}, false);
    expect(text()).toBe(lines.body(rowsOf(0, 5)));
  });

  it("begins anew in each run without checkpoints if it may replace", async () => {
    await write(rowsOf(0, 9), {}, false);
    await write(rowsOf(3, 6), { exists: "replace" }, false);
    expect(text()).toBe(lines.body(rowsOf(3, 6)));
  });

  it("writes over what stands behind its mark", async () => {
    await write(rowsOf(0, 3));
    writeFileSync(path, `${text()}{"half":`);
    await write(rowsOf(0, 5));
    expect(text()).toBe(lines.body(rowsOf(0, 5)));
  });
}

function testFiles(): void {
  it("has the mark beside the file, and nothing else", async () => {
    await write(rowsOf(0, 3));
    expect(readdirSync(folder).sort()).toEqual([
      "rows.out",
      "rows.out.mark.json",
      "rows.out.mark.writer",
    ]);
  });

  it("makes the folder of the file", async () => {
    path = join(folder, "a/b/rows");
    await write(rowsOf(0, 1));
    expect(text()).toBe('{"id":0}\n');
  });

  it("refuses a file that no sink has written", async () => {
    writeFileSync(path, "precious");
    await expect(write(rowsOf(0, 1))).rejects.toMatchObject({
      cause: new ConfigurationError(
        `Cannot write to a file as 'exists' must be "replace" to write over ` +
          `${JSON.stringify(path)}, which no sink has written: current value is "error"`,
      ),
    });
    expect(text()).toBe("precious");
    await write(rowsOf(0, 1), { exists: "replace" });
    expect(text()).toBe('{"id":0}\n');
  });

  it("refuses it also where a checkpoint was written before the first rows", async () => {
    writeFileSync(path, "precious");
    const { checkpoints, load } = fileSink(path, { format: lines });
    const pipeline = etl({
      name: "rows",
      extract: () => rowsOf(0, 4),
      transform: (row) => row.id < 2 ? skip : row,
      load,
    });
    const run = pipeline.run({ batchSize: 2, checkpoints, fingerprint: "v1" });
    await expect(run).rejects.toThrow("which no sink has written");
    expect(text()).toBe("precious");
  });

  it("keeps rows of a run without checkpoints before those of one with", async () => {
    await write(rowsOf(0, 2), {}, false);
    const { checkpoints, load } = fileSink(path, { format: lines });
    await etl({ name: "rows", extract: () => rowsOf(2, 4), load })
      .run({ batchSize: 2, checkpoints, fingerprint: "v1" });
    expect(text()).toBe(lines.body(rowsOf(0, 4)));
  });

  it("refuses a file that is shorter than its mark tells", async () => {
    await write(rowsOf(0, 3));
    writeFileSync(path, text().slice(0, 5));
    await expect(write(rowsOf(0, 5))).rejects.toThrow("has 5 bytes of the 27 that");
  });

  it("refuses rows of other columns than those of the file", async () => {
    const rows = [{ id: 1, name: "a" }, { id: 2, name: "b" }];
    const turned = rows.map(({ id, name }) => ({ name, id }));
    await write(rows.slice(0, 1), { format: encodeCsv() });
    await expect(write(turned, { format: encodeCsv() })).rejects.toMatchObject({
      cause: new ConfigurationError(
        `Cannot write to a file as 'format' must be one whose files begin with "id,name\\r\\n", ` +
          `as this one does: current value is "name,id\\r\\n"`,
      ),
    });
    await write(turned, {
      format: encodeCsv<Record<string, unknown>>({ columns: ["id", "name"] }) as RowFormat<object>,
    });
    expect(text()).toBe("id,name\r\n1,a\r\n2,b\r\n");
  });

  it("begins anew once its checkpoint does", async () => {
    await write(rowsOf(0, 3));
    const [[key]] = JSON.parse(readFileSync(`${path}.mark.json`, "utf8")).keys;
    const { checkpoints } = fileSink(path, { format: lines });
    await checkpoints.write(key, { offset: 0, done: [], updatedAt: 0 });
    await write(rowsOf(5, 7));
    expect(text()).toBe(lines.body(rowsOf(5, 7)));
  });

  it.each([
    ["", {}, "'path' must be a non-empty string: current value is \"\""],
    ["a", {}, "'format' must be a format such as encodeNdjson(): current value is undefined"],
    [
      "a",
      { format: lines, compress: "zip" },
      `'compress' must be "none" or "gzip" or "zstd": current value is "zip"`,
    ],
    [
      "a",
      { format: lines, exists: true },
      `'exists' must be "error" or "replace": current value is true`,
    ],
  ])("throws for %j and %o with the whole sentence", (given, options, sentence) => {
    const make = () => Reflect.apply(fileSink, undefined, [given, options]);
    expect(make).toThrow(new ConfigurationError(`Cannot construct fileSink as ${sentence}`));
  });
}

function testWriteEmpty(): void {
  describe.each([["with", true], ["without", false]])("writeEmpty, %s checkpoints", (_, marks) => {
    const finish = (rows: Iterable<object>, options: Partial<FileSinkOptions<object>> = {}) =>
      write(rows, { format: list, ...options }, marks, true);

    it.each(["none", "gzip"] as const)("writes a file without rows: %s", async (compress) => {
      await finish([], { compress });
      const bytes = readFileSync(path);
      expect(`${compress === "gzip" ? zlib.gunzipSync(bytes) : bytes}`).toBe("[]");
    });

    it("leaves rows alone, and lets rows follow", async () => {
      for (const rows of [[], rowsOf(0, 2), []]) await finish(rows);
      expect(JSON.parse(text())).toEqual(rowsOf(0, 2));
    });

    it("refuses a file that no sink has written, and writes over it if it may", async () => {
      writeFileSync(path, "precious");
      await expect(finish([])).rejects.toThrow("which no sink has written");
      expect(text()).toBe("precious");
      await finish([], { exists: "replace" });
      expect(text()).toBe("[]");
    });

    it("makes no file where the run has failed", async () => {
      const failing = { [Symbol.iterator]: () => expect.fail("no source") };
      await expect(finish(failing)).rejects.toThrow("no source");
      expect(readdirSync(folder)).not.toContain("rows.out");
    });
  });

  it("leaves nothing of an earlier run where each begins anew", async () => {
    await write(rowsOf(0, 2), { exists: "replace" }, false, true);
    await write([], { exists: "replace" }, false, true);
    expect(text()).toBe("");
  });
}
