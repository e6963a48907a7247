import { build } from "esbuild";
import { rmSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entries } from "../../scripts/entries.mjs";
import { installPacked } from "../../scripts/packed.mjs";

/** The most bytes of what one import costs a page: bundled from the package, minified, gzipped. */
const budgets: Record<string, Record<string, number>> = {
  "millrace": {
    "*": 44_900, // Advice on failures 750.
    "{ etl }": 27_960, // Malformed items 440, opening again 830, counts 330, leases 880, budgets 330.
    "{ etl, EtlManager }": 29_740,
    "{ BucketStream }": 2156,
    "{ ParallelMapStream }": 2214,
    "{ LoaderStream }": 1884,
    "{ batched }": 4805, // Reads a source as well.
    "{ RateLimiter }": 2000,
    "{ RateLimitStream }": 3169,
    "{ retry }": 2600,
    "{ skip }": 100,
    "{ parse }": 1000,
  },
  "millrace/checkpoint": { "*": 9400 }, // Stores of keys and values, and deliveries, as well.
  "millrace/sqlite": { "*": 22_610 }, // Splits tables; Tables, tombstones, new columns, `write`, `missing` by the batch.
  "millrace/postgres": { "*": 45_220 }, // Adds columns to several tables, splits them, keeps jobs and deliveries, listens.
  "millrace/cloudflare": { "*": 49_900, "{ d1Sink }": 21_100, "{ runStep }": 2500 }, // A queue runs a pipeline.
  "millrace/duckdb": { "*": 24_600 }, // Keeps deliveries; Tables, tombstones, new columns, `write` and the appender as well.
  "millrace/ndjson": { "*": 9550 },
  "millrace/json": { "*": 10_950 },
  "millrace/compression": { "*": 7370 },
  "millrace/file": { "*": 10_010 }, // Reads files, also parts of them, and writes into them as well.
  "millrace/object": { "*": 15_900, "{ objectSink }": 10_950, "{ readObject }": 4200 },
  "millrace/progress": { "*": 4900 }, // Bytes, drift; a bar, what is idle, partitions 460.
  "millrace/csv": { "*": 15_070 }, // Decompresses as well.
  "millrace/parquet": { "*": 14_300, "{ readParquet }": 4040, "{ encodeParquet }": 4560 }, // Writes a file exactly once.
  "millrace/http": { "*": 10_400, "{ readPages }": 8750, "{ httpSink }": 6000 },
  "millrace/operators": {
    "*": 16_750,
    "{ pipe }": 4500,
    "{ pipe, map, filter }": 6950, // Each of eight functions in one pass has a place of its own.
    "{ streamOf }": 3100,
    "{ route }": 5500,
    "{ mergeSorted }": 5400, // Tells a run what it cannot keep as well.
  },
  "millrace/jobs": { "*": 31_820, "{ coordinate }": 3230, "{ work }": 29_970 }, // Runs pipelines: the engine. Outages of the store: 850.
  "millrace/nats": { "*": 17_900 }, // Queues, streams, checkpoints, jobs; letters 3,000.
  "millrace/otel": { "*": 31_950 }, // Jobs as well. Wraps `etl`, and so has the engine.
  "millrace/threads": { "*": 8200, "{ thread }": 3000 },
  "millrace/report": { "*": 24_290 }, // Failures and advice 2,500, jobs and totals 1,700, following a run 2,000.
  "millrace/cli": { "*": 200_000 }, // A program, with all that it imports when a command needs it.
  "millrace/testing": { "*": 44_510 }, // Runs what it tests; tables, tombstones and writes 1,200, jobs 1,700.
};
const imports = Object.entries(budgets).flatMap(([specifier, sizes]) =>
  Object.entries(sizes).map(([what, budget]) => ({ specifier, what, budget }))
);

let folder = "";
beforeAll(() => void (folder = installPacked()), 180_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** What one import brings: its size in bytes, and the files that it is made of, the largest first. */
async function bundle(what: string, specifier: string): Promise<{ size: number; parts: string[] }> {
  const result = await build({
    stdin: { contents: `export ${what} from "${specifier}";`, resolveDir: folder },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    platform: "neutral",
    external: ["node:*"],
    write: false,
    metafile: true,
  });
  const [file] = result.outputFiles;
  const [output] = Object.values(result.metafile.outputs);
  const parts = Object.entries(output!.inputs)
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput)
    .map(([path, { bytesInOutput }]) => `${path.replace(/^.*\/dist\//, "")} ${bytesInOutput}`);
  return { size: gzipSync(file!.contents, { level: 9 }).length, parts };
}

describe("the package", () => {
  it.each(imports)(
    "gives $what of $specifier in few bytes",
    async ({ specifier, what, budget }) => {
      const { size, parts } = await bundle(what, specifier);
      const made = parts.join(", ");
      console.log(`${specifier} ${what}: ${size} of ${budget} bytes (before gzip: ${made})`);
      expect(size, made).toBeLessThanOrEqual(budget);
    },
  );

  it.each(entries)("has a budget for $specifier, which loads no other one", async (entry) => {
    expect(budgets, "A budget for it belongs into test/node/size.test.ts")
      .toHaveProperty([entry.specifier]);
    if (entry.subpath === "./cli") return; // It stands above them all.
    const { parts } = await bundle("*", entry.specifier);
    const own = entry.built.replace(/^\.\/dist\/|\.js$/g, "");
    const strange = parts.filter((part) => part.startsWith("adapters/") && !part.startsWith(own));
    expect(strange).toEqual([]);
  });
});
