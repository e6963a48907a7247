import { fileURLToPath } from "node:url";
import { openFiles } from "../src/adapters/file.ts";
import { readJson } from "../src/adapters/json.ts";
import type { Chunks } from "../src/index.ts";
import { type ReadOptions, slowed } from "./slowed.ts";

/** A file of the package whose data is loaded; it exports no file of data by name. */
export function dataFile(name: string): string {
  return fileURLToPath(new URL(`../data/${name}`, import.meta.resolve("vega-datasets")));
}

/** Reads a file that is one JSON array, piece by piece: arrays of the records of each piece. */
export function readRecords(path: string, options: ReadOptions): Chunks<unknown> {
  return slowed(readJson(openFiles(path)), options);
}
