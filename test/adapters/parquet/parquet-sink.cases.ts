import * as hyparquet from "hyparquet";
import * as hyparquetWriter from "hyparquet-writer";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFiles } from "../../../src/adapters/file.ts";
import { parquetSink, readParquet } from "../../../src/adapters/parquet.ts";
import { etl } from "../../../src/index.ts";
import { rowsOf } from "../../support/parquet/table.ts";

const columns = { id: "INT32", name: "STRING" } as const;
const numbered = (count: number) =>
  Array.from({ length: count }, (_, id) => ({ id, name: id % 3 === 0 ? null : `n${id}` }));

/** Defines the tests of `parquetSink` for a host that has files. */
export function testParquetSink(): void {
  let folder = "";
  let path = "";
  const stored = () => rowsOf(readParquet<{ id: number }>(openFiles(path), { hyparquet }));
  const write = async (count: number, options: { exists?: "replace" } = {}) => {
    const { load, checkpoints } = parquetSink(path, { hyparquetWriter, columns, ...options });
    return await etl({ name: "rows", extract: () => numbered(count), load }, { checkpoints })
      .run({ batchSize: 10, guarantee: "effectively-once" });
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-parquet-"));
    path = join(folder, "rows.parquet");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  describe("parquetSink()", () => {
    it("goes on with its file, which is whole after each run", async () => {
      expect((await write(25)).guarantee).toBe("effectively-once");
      expect(await stored()).toEqual(numbered(25));
      expect((await write(40)).loaded).toBe(15);
      expect(await stored()).toEqual(numbered(40));
    });

    it("writes over what a crash has left behind its mark", async () => {
      await write(20);
      const { bytes } = JSON.parse(readFileSync(`${path}.mark.json`, "utf8")) as { bytes: number };
      truncateSync(path, bytes);
      writeFileSync(path, "half a row group", { flag: "a" });
      await write(30);
      expect(await stored()).toEqual(numbered(30));
    });

    it("takes as many rows to a batch as a row group is to have", () => {
      const sink = parquetSink(path, { hyparquetWriter, rowGroupSize: 500 });
      expect([sink.load.batchSize, sink.wrap(() => {}).batchSize]).toEqual([500, 500]);
      expect(parquetSink(path, { hyparquetWriter }).load.batchSize).toBe(20_000);
    });

    it("writes what a function around it gives", async () => {
      const { checkpoints, wrap } = parquetSink(path, { hyparquetWriter, columns });
      const load = wrap((ids: number[], _context, load) => load(ids.map((id) => ({ id }))));
      await etl({ name: "rows", extract: () => [1, 2], load }, { checkpoints }).run();
      expect(await stored()).toEqual([{ id: 1, name: null }, { id: 2, name: null }]);
    });

    it("makes a letter of a row that does not fit", async () => {
      const { load } = parquetSink(path, { hyparquetWriter, columns });
      const rows: Record<string, unknown>[] = [{ id: 1 }, { id: "x" }, { id: 3 }];
      const items: unknown[] = [];
      const deadLetters = new WritableStream({ write: ({ item }) => void items.push(item) });
      const report = await etl({ name: "rows", extract: () => rows, load }).run({ deadLetters });
      expect([report.loaded, items]).toEqual([2, [{ id: "x" }]]);
      expect((await stored()).map(({ id }) => id)).toEqual([1, 3]);
    });

    it("makes no file of no rows, unless it is told to", async () => {
      const sink = parquetSink(path, { hyparquetWriter, columns });
      const none: { id: number }[] = [];
      const pipeline = { name: "none", extract: () => none, load: sink.load };
      await etl(pipeline).run();
      expect(existsSync(path)).toBe(false);
      await etl({ ...pipeline, postProcess: sink.writeEmpty }).run({
        checkpoints: sink.checkpoints,
      });
      expect(await stored()).toEqual([]);
    });

    it("leaves a file that no sink has written, unless it may be replaced", async () => {
      writeFileSync(path, "precious");
      await expect(write(1)).rejects.toThrow(`'exists' must be "replace" to write over`);
      expect(readFileSync(path, "utf8")).toBe("precious");
      await write(5, { exists: "replace" });
      expect(await stored()).toEqual(numbered(5));
    });

    it("refuses what it cannot write, by name", () => {
      const given = (path: unknown, options: object) => () =>
        parquetSink(path as string, options as never);
      expect(given({ put() {} }, { hyparquetWriter })).toThrow(
        "Cannot construct parquetSink as 'path' must be the path of a file (for a store, give " +
          "encodeParquet(…) to objectSink): current value is an object",
      );
      expect(given(path, {})).toThrow("'hyparquetWriter' must be the module hyparquet-writer");
      expect(given(path, { hyparquetWriter, exists: "append" })).toThrow(
        `'exists' must be "error" or "replace": current value is "append"`,
      );
      expect(given(path, { hyparquetWriter, compress: "gzip" })).toThrow("'compress'");
      expect(given(path, { hyparquetWriter, columns: { id: "INT" } })).toThrow("'columns'");
    });
  });
}
