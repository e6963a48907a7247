import { describe, expect, it } from "vitest";
import { batched } from "../../src/streams/batched.ts";
import { BucketStream } from "../../src/streams/bucket.ts";
import { LoaderStream } from "../../src/streams/loader.ts";

const reason = new Error("changed my mind");

describe("a callback that ends its own stream", () => {
  it("may cancel `batched` from within the source, which is returned once", async () => {
    let returned = 0;
    const source = function* () {
      try {
        yield 1;
        void reader.cancel(reason);
        yield 2;
        yield 3;
      } finally {
        returned++;
      }
    };
    const reader = batched(source(), { batchSize: 2 }).getReader();
    expect(await reader.read()).toEqual({ done: true, value: undefined });
    await reader.closed;
    expect(returned).toBe(1);
  });

  it("may cancel a bucket from within `sizeOf`, whose write is then accepted", async () => {
    const bucket = new BucketStream<number>({ sizeOf: () => (void reader.cancel(reason), 1) });
    const reader = bucket.readable.getReader();
    const writer = bucket.writable.getWriter();
    const read = reader.read();
    await writer.write(1).catch((error) => expect(error).toBe(reason));
    expect(await read).toEqual({ done: true, value: undefined });
    await expect(writer.closed).rejects.toBe(reason);
  });
});

describe("an iterator that breaks the protocol", () => {
  it.each(["sync", "async"])("fails where a %s one gives no object", async (kind) => {
    const iterator = { next: () => 5 as unknown as IteratorResult<number> };
    const source = kind === "sync"
      ? { [Symbol.iterator]: () => iterator }
      : { [Symbol.asyncIterator]: () => iterator };
    const reader = batched(source as Iterable<number>).getReader();
    await expect(reader.read()).rejects.toThrow("The iterator gave no object");
  });
});

it("takes what a load returns for what it is, however odd", async () => {
  const hidden = new Proxy({}, {
    getPrototypeOf: () => {
      throw new Error("hidden");
    },
  });
  const loader = new LoaderStream(() => hidden);
  const writer = loader.getWriter();
  await writer.write(1);
  await writer.write(2);
  await writer.close();
});
