// @ts-expect-error: the types of a Worker are those of no other test.
import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { objectSink, type R2Bucket, readParts } from "../../src/adapters/object.ts";
import { storeOf } from "../../src/adapters/object/store-of.ts";
import { encodeNdjson, readNdjson } from "../../src/adapters/ndjson.ts";
import { batched, etl } from "../../src/index.ts";
import { testObjectStore } from "../support/object/store-cases.ts";

const bucket = (env as { BUCKET: R2Bucket }).BUCKET;

describe("a bucket of R2 in workerd", () => {
  testObjectStore(() => {
    const store = storeOf("test", bucket);
    const close = async () => {
      for await (const { key } of store.list("")) await store.delete(key);
    };
    return { store, close };
  });

  it("has each row once after two runs, of which the first failed", async () => {
    const rows = Array.from({ length: 30 }, (_, id) => ({ id }));
    const sink = objectSink(bucket, { format: encodeNdjson(), compress: "gzip" });
    const run = async (end: number, batchSize: number) => {
      const extract = function* () {
        for (const row of rows) {
          if (row.id >= end) throw new Error("The source has failed");
          yield row;
        }
      };
      const { load, checkpoints, writeManifest: postProcess } = sink;
      return await etl({ name: "rows", extract, load, postProcess })
        .run({ batchSize, workers: 3, checkpoints });
    };
    await expect(run(20, 4)).rejects.toThrow("The source has failed");
    expect((await run(99, 7)).loaded).toBe(10);
    const parts = readParts(bucket, "rows/manifest.json");
    expect((await Array.fromAsync(batched(readNdjson(parts)))).flat()).toEqual(rows);
  });
});
