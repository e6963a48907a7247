import { describe, expect, it } from "vitest";
import { ObjectError, readObject, s3Store } from "../../../src/adapters/object.ts";
import { readNdjson } from "../../../src/adapters/ndjson.ts";
import { batched } from "../../../src/index.ts";
import { FakeS3, type Fault } from "../../support/object/fake-s3.ts";
import { MemoryStore } from "../../support/object/memory-store.ts";

const key = "in/rows.ndjson";
const rows = Array.from({ length: 500 }, (_, id) => ({ id }));
const text = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const retry = { maxAttempts: 3, baseDelay: 0 };

/** A bucket with the rows, whose reads have these faults, one after the other. */
async function bucketOf(...faults: (Fault | undefined)[]) {
  const s3 = new FakeS3({ fault: ({ method }) => method === "GET" ? faults.shift() : undefined });
  const store = s3Store("https://s3.example/bucket", { fetch: s3.fetch });
  await store.put(key, new TextEncoder().encode(text));
  s3.requests.length = 0;
  return { s3, store };
}

const all = async (input: ReturnType<typeof readObject>) =>
  (await Array.fromAsync(batched(readNdjson(input)))).flat();

describe("readObject()", () => {
  it("gives all rows, by one request", async () => {
    const { s3, store } = await bucketOf();
    const input = readObject(store, key);
    expect(s3.requests).toEqual([]);
    expect(await all(input)).toEqual(rows);
    expect(s3.requests.length).toBe(1);
  });

  it("goes on at the byte where the connection broke", async () => {
    const { s3, store } = await bucketOf({ bytes: 100 }, { bytes: 1000 }, "broken", { bytes: 1 });
    expect(await all(readObject(store, key, { retry }))).toEqual(rows);
    const ranges = s3.requests.map(({ headers }) => headers.get("range"));
    expect(ranges).toEqual([null, "bytes=100-", ...Array(2).fill("bytes=1100-"), "bytes=1101-"]);
  });

  it("fails where it comes no further", async () => {
    const none = { bytes: 0 };
    const { s3, store } = await bucketOf({ bytes: 100 }, none, none, none);
    const error = await all(readObject(store, key, { retry })).catch((error: unknown) => error);
    expect(String(error)).toContain('Cannot read object "in/rows.ndjson": terminated');
    expect(s3.requests.length).toBe(3);
  });

  it("fails where the object was replaced meanwhile", async () => {
    const { s3, store } = await bucketOf({ bytes: 100 });
    const { fetch } = s3;
    s3.fetch = async (...args) => {
      const response = await fetch(...args);
      s3.objects.set(key, { ...s3.objects.get(key)!, etag: '"other"' });
      return response;
    };
    const other = s3Store("https://s3.example/bucket", { fetch: (...args) => s3.fetch(...args) });
    const reading = all(readObject(other, key, { retry }));
    const told = `Cannot read object "${key}": it was replaced while it was read, at byte 100`;
    await expect(reading).rejects.toThrow(told);
    expect(store).toBeDefined();
  });

  it("begins at a byte, and tells lines from there", async () => {
    const { s3, store } = await bucketOf();
    const from = { byte: text.indexOf('{"id":490}'), line: 491 };
    const input = readObject(store, key, { from });
    const [first] = (await Array.fromAsync(batched(readNdjson(input, { positions: true })))).flat();
    expect(first).toMatchObject({ value: { id: 490 }, line: 491 });
    expect(s3.requests[0]!.headers.get("range")).toBe(`bytes=${from.byte}-`);
  });

  it("has no rows where it begins at the end", async () => {
    const { store } = await bucketOf();
    const from = { byte: text.length, line: 501 };
    expect(await all(readObject(store, key, { from }))).toEqual([]);
    const late = all(readObject(store, key, { from: { ...from, byte: text.length + 1 } }));
    await expect(late).rejects.toThrow(`reading begins at byte ${text.length + 1}, and it has`);
  });

  it("fails where there is none, and where it has another size", async () => {
    const store = new MemoryStore();
    const none = all(readObject(store, key));
    await expect(none).rejects.toThrow('Cannot read object "in/rows.ndjson": there is none');
    await store.put(key, new Uint8Array(3));
    const other = all(readObject(store, key, { size: 4 }));
    await expect(other).rejects.toThrow("it has 3 bytes, and has to have 4");
    const { etag } = (await store.get(key))!;
    expect(await all(readObject(store, key, { etag, from: { byte: 3, line: 1 } }))).toEqual([]);
    await store.put(key, new Uint8Array(4));
    const replaced = all(readObject(store, key, { etag }));
    await expect(replaced).rejects.toThrow("it was replaced while it was read, at byte 0");
  });

  it("ends the request when nobody reads on", async () => {
    const store = new MemoryStore();
    const cancelled: unknown[] = [];
    store.get = async () => ({
      ...{ etag: "1", size: 100 },
      body: new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(10)),
        cancel: (reason) => void cancelled.push(reason),
      }),
    });
    const { content } = readObject(store, key);
    const stream = (content as () => ReadableStream<Uint8Array>)();
    const reader = stream.getReader();
    await reader.read();
    await reader.cancel("enough");
    expect(cancelled).toEqual(["enough"]);
  });

  it.each([
    ["store", () => readObject({} as never, key)],
    ["key", () => readObject(new MemoryStore(), "")],
    ["from", () => readObject(new MemoryStore(), key, { from: { byte: 1 } as never })],
    ["maxAttempts", () => readObject(new MemoryStore(), key, { retry: { maxAttempts: 0 } })],
  ])("refuses a wrong '%s'", (name, read) => {
    expect(read).toThrow(`Cannot read an object as '${name}' must be`);
  });

  it("tells its error apart", () => {
    expect(new ObjectError("No", { status: 404 })).toMatchObject({ code: "OBJECT", status: 404 });
  });
});
