import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { workerdDates } from "../../scripts/runtimes.mjs";
import { encodeNdjson, readNdjson } from "../../src/adapters/ndjson.ts";
import { objectSink, readParts, s3Store } from "../../src/adapters/object.ts";
import { batched, etl } from "../../src/index.ts";
import { MiniflareProcess } from "../support/cloudflare/miniflare-process.ts";
import { signedFetch } from "../support/object/signed-fetch.ts";
import { testObjectStore } from "../support/object/store-cases.ts";

const s3Credentials = { accessKeyId: "key", secretAccessKey: "secret" };
const workerd = new MiniflareProcess();
const storeWith = (secretAccessKey: string) =>
  s3Store(`${workerd.url}cdn-cgi/local/r2/s3/bucket`, {
    fetch: signedFetch({ ...s3Credentials, secretAccessKey }),
  });

beforeAll(async () => {
  await workerd.open("export default {};", {
    compatibilityDate: workerdDates[1],
    r2Buckets: { BUCKET: { id: "bucket", s3Credentials } },
  });
});
afterAll(() => workerd.close());

describe("a server of S3 that verifies signatures", () => {
  testObjectStore(() => {
    const store = storeWith("secret");
    const close = async () => {
      for await (const { key } of store.list("")) await store.delete(key);
    };
    return { store, close };
  });

  it("has each row once after two runs, of which the first failed", async () => {
    const store = storeWith("secret");
    const sink = objectSink(store, { format: encodeNdjson(), compress: "gzip" });
    const run = async (end: number) => {
      const extract = function* () {
        for (let id = 0; id < 20; id++) {
          if (id >= end) throw new Error("The source has failed");
          yield { id };
        }
      };
      const { load, checkpoints, writeManifest: postProcess } = sink;
      return await etl({ name: "rows", extract, load, postProcess })
        .run({ batchSize: 4, checkpoints });
    };
    await expect(run(10)).rejects.toThrow("The source has failed");
    await run(99);
    const read = await Array.fromAsync(batched(readNdjson<{ id: number }>(
      readParts(store, "rows/manifest.json"),
    )));
    expect(read.flat().map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, id) => id));
  });

  it("refuses who signs with another key", async () => {
    await expect(storeWith("other").put("a", new Uint8Array(1)))
      .rejects.toThrow("SignatureDoesNotMatch");
  });
});
