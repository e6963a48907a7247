import { build } from "esbuild";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";

/** What one import from the core costs a page: bundled, minified and gzipped, in bytes. */
async function sizeOf(what: string): Promise<{ size: number; parts: string }> {
  const contents = `export ${what} from "./src/index.ts";`;
  const result = await build({
    stdin: { contents, resolveDir: ".", loader: "ts" },
    ...{ bundle: true, minify: true, format: "esm", target: "es2022", platform: "neutral" },
    ...{ write: false, metafile: true },
  });
  const [file] = result.outputFiles;
  const [output] = Object.values(result.metafile.outputs);
  const parts = Object.entries(output!.inputs)
    .map(([path, { bytesInOutput }]) => ({ path, bytes: bytesInOutput }))
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes)
    .map(({ path, bytes }) => `${path.replace("src/", "")} ${bytes}`);
  return { size: gzipSync(file!.contents, { level: 9 }).length, parts: parts.join(", ") };
}

it.each([
  ["everything", "*", 37_000],
  ["etl", "{ etl }", 23_600],
  ["etl and EtlManager", "{ etl, EtlManager }", 25_400],
  ["BucketStream", "{ BucketStream }", 2180],
  ["ParallelMapStream", "{ ParallelMapStream }", 2280],
  ["LoaderStream", "{ LoaderStream }", 1910],
  ["batched", "{ batched }", 4500], // Reads a source as well.
  ["RateLimiter", "{ RateLimiter }", 2000],
  ["RateLimitStream", "{ RateLimitStream }", 3190],
  ["retry", "{ retry }", 2600],
  ["skip", "{ skip }", 100],
])("%s stays below its size, minified and gzipped", async (name, what, budget) => {
  const { size, parts } = await sizeOf(what);
  console.log(`${name}: ${size} of ${budget} bytes (before gzip: ${parts})`);
  expect(size, parts).toBeLessThanOrEqual(budget);
});
