// Loads 100 rows into a file: `loads-into-file.ts <file> <before | half | after> <call> <number>`. At so
// many calls of that function of node:fs the process kills itself: right before, half way or right
// after; "never" lets it live.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { argv, kill, pid } from "node:process";
import * as hyparquetWriter from "hyparquet-writer";
import { type FileSink, fileSink } from "../../../src/adapters/file.ts";
import { parquetSink } from "../../../src/adapters/parquet.ts";
import { etl } from "../../../src/index.ts";
import type { RowFormat } from "../../../src/bytes/row-encoder.ts";

const [file = "", when, name = "", number] = argv.slice(2);
let calls = 0;
if (when !== "never") {
  const functions = fs as unknown as Record<string, (...args: unknown[]) => unknown>;
  const original = functions[name]!;
  functions[name] = (...args) => {
    // Only what is done to the file itself and its mark counts, not locks and claims.
    const isTheOne = !/\.(claim|lock)/.test(String(args[1])) && ++calls === Number(number);
    if (isTheOne && when === "half") args[3] = Number(args[3]) >> 1;
    if (isTheOne && when === "before") kill(pid, "SIGKILL");
    const result = original(...args);
    if (isTheOne) kill(pid, "SIGKILL");
    return result;
  };
  syncBuiltinESMExports();
}

/** Lines between a head and a tail. */
const format: RowFormat<{ id: number }> = {
  head: () => "head\n",
  body: (rows) => rows.map(({ id }) => `${id}\n`).join(""),
  separator: "--\n",
  tail: () => "tail\n",
  extension: "txt",
  contentType: "text/plain",
};
const columns = { id: "INT32" } as const;
const { load, checkpoints } = file.endsWith(".parquet")
  ? parquetSink(file, { hyparquetWriter, columns }) as FileSink<{ id: number }>
  : fileSink(file, { format, compress: "gzip" });
const report = await etl({
  name: "rows",
  extract: () => Array.from({ length: 100 }, (_, id) => ({ id })),
  load,
}).run({ batchSize: 7, workers: 3, checkpoints, lease: 1, guarantee: "effectively-once" });
console.log(report.loaded);
