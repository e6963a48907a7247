// @ts-expect-error: the types of a Worker are those of no other test.
import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { objectSink, type R2Bucket, readObject, readParts } from "../../src/adapters/object.ts";
import { storeOf } from "../../src/adapters/object/store-of.ts";
import { encodeNdjson, readNdjson } from "../../src/adapters/ndjson.ts";
import { batched, chunks, etl, MemoryCheckpointStore } from "../../src/index.ts";
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

  it("is read object by object, and on from a byte of one", async () => {
    const lines = (first: number) => [0, 1, 2, 3].map((n) => `{"id":${first + n}}\n`).join("");
    const keys = ["in/0.ndjson", "in/1.ndjson", "in/2.ndjson"];
    for (const [n, key] of keys.entries()) {
      await bucket.put(key, new TextEncoder().encode(lines(10 + 4 * n)));
    }
    const begun: unknown[] = [];
    const loaded: number[] = [];
    interface Position {
      readonly object: number;
      readonly byte: number;
      readonly line: number;
    }
    let isDown = true;
    const objects = etl({
      name: "objects",
      extract: ({ checkpoint }) => {
        const { object: first, ...start } = checkpoint?.position as Position ??
          { object: 0, byte: 0, line: 1 };
        return chunks((async function* () {
          for (let object = first; object < keys.length; object++) {
            const from = object === first ? start : { byte: 0, line: 1 };
            begun.push([object, from.byte]);
            const input = readObject(bucket, keys[object]!, { from });
            const read = readNdjson<{ id: number }>(input, { positions: true });
            for await (const some of batched(read)) {
              yield some.map(({ value: { id }, end, line }) => ({ id, object, end, line }));
            }
          }
        })());
      },
      load: (rows: { id: number }[]) => {
        if (isDown && loaded.length === 6) throw new Error("It is down");
        loaded.push(...rows.map(({ id }) => id));
      },
    }, {
      ...{ batchSize: 2, resume: "source", checkpoints: new MemoryCheckpointStore() },
      position: ({ object, end: byte, line }) => ({ object, byte, line: line + 1 }),
    });
    await expect(objects.run()).rejects.toThrow("It is down");
    begun.length = 0;
    isDown = false;
    await objects.run();
    expect(begun).toEqual([[1, 20], [2, 0]]);
    expect(loaded).toEqual(Array.from({ length: 12 }, (_, n) => 10 + n));
  });

  it("tells that an object was replaced while it was read", async () => {
    await bucket.put("replaced", new TextEncoder().encode('{"id":1}\n'.repeat(9)));
    const breaking: typeof bucket = {
      head: (key) => bucket.head(key),
      get: async (key, options) => {
        const found = (await bucket.get(key, options))!;
        if (options !== undefined) return found;
        await bucket.put("replaced", new TextEncoder().encode('{"id":2}\n'.repeat(9)));
        const body = new ReadableStream<Uint8Array>({
          async start(controller) {
            const all = new Uint8Array(await new Response(found.body as BodyInit).arrayBuffer());
            controller.enqueue(all.subarray(0, 12));
            controller.close();
          },
        });
        return { etag: found.etag, size: found.size, key, body };
      },
      put: (key, value, options) => bucket.put(key, value, options),
      list: (options) => bucket.list(options),
      delete: (key) => bucket.delete(key),
    };
    const rows = readNdjson(readObject(breaking, "replaced", { retry: { baseDelay: 1 } }));
    await expect(Array.fromAsync(batched(rows)))
      .rejects.toThrow("it was replaced while it was read, at byte 12");
  });
});
