// Reads a gzip file by the recipe of docs/recipes/gzip.md, and tells how that ended.
import { createReadStream } from "node:fs";
import process from "node:process";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { etl } from "../../../src/index.ts";

const file = process.argv.at(-1)!;
const extract = (path: string) => pipeline(createReadStream(path), createGunzip(), () => {});
let bytes = 0;
const load = (chunks: Uint8Array[]) => {
  for (const { length } of chunks) bytes += length;
};
const ended = await etl({ name: "file", extract: () => extract(file), load }).run().catch((
  error: unknown,
) => error);
const { outcome = "failed", message } = ended as { outcome?: string; message?: string };
console.log(JSON.stringify({ outcome, message, bytes }));
