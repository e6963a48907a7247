import { describe, expect, it } from "vitest";
import { etl } from "../../../src/etl/etl.ts";
import { batched } from "../../../src/streams/batched.ts";
import { BucketStream } from "../../../src/streams/bucket.ts";
import { chunks } from "../../../src/streams/chunks.ts";
import { LoaderStream } from "../../../src/streams/loader.ts";
import { mapSource } from "../../../src/streams/map-source.ts";
import type { Source } from "../../../src/streams/source.ts";

const reason = new Error("changed my mind");

describe("a callback that ends its own stream", () => {
  it("may cancel batched() from within the source, which is returned once", async () => {
    let returned = 0;
    let cancelled: Promise<void> | undefined;
    const source = function* () {
      try {
        yield 1;
        cancelled = reader.cancel(reason);
        yield 2;
        yield 3;
      } finally {
        returned++;
      }
    };
    const reader = batched(source(), { batchSize: 2 }).getReader();
    expect(await reader.read()).toEqual({ done: true, value: undefined });
    await cancelled;
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
  const kinds = {
    sync: (iterator: object) => ({ [Symbol.iterator]: () => iterator }),
    async: (iterator: object) => ({ [Symbol.asyncIterator]: () => iterator }),
    "async, with a promise": (iterator: { next(): unknown }) => ({
      [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve(iterator.next()) }),
    }),
    "sync, in chunks": (iterator: object) => chunks({ [Symbol.iterator]: () => iterator } as never),
    "async, in chunks": (iterator: object) =>
      chunks({ [Symbol.asyncIterator]: () => iterator } as never),
  };
  const answers = [null, undefined, 5, "done", false, Symbol("done")];
  const cases = (Object.keys(kinds) as (keyof typeof kinds)[]).flatMap((kind) =>
    answers.map((answer) => ({ kind, answer }))
  );

  it.each(cases)(
    "is rejected with a sentence: a $kind one that returns $answer",
    async ({ kind, answer }) => {
      const source = kinds[kind]({ next: () => answer }) as Source<number>;
      const sentence =
        "The iterator returned no object: next() must return one like { done, value }, " +
        `not ${String(answer)}`;
      for (const batchSize of [1, 5]) {
        const reader = batched(source, { batchSize }).getReader();
        await expect(reader.read()).rejects.toEqual(new TypeError(sentence));
      }
      const mapped = mapSource(source, (item) => item, ["map", "source"]);
      await expect(batched(mapped).getReader().read()).rejects.toEqual(new TypeError(sentence));
      const run = etl({ name: "broken", extract: () => source, load: () => {} }).run();
      await expect(run).rejects.toMatchObject({ stage: "extract", cause: new TypeError(sentence) });
    },
  );

  it.each(["iterator", "asyncIterator"] as const)("is rejected without next(): %s", (name) => {
    for (const iterator of [null, undefined, 5, {}]) {
      const source = { [Symbol[name]]: () => iterator } as unknown as Iterable<number>;
      expect(() => batched(source)).toThrow(
        new TypeError("The source is not iterable: its iterator has no method next()"),
      );
    }
  });
});

it("a load may return any value, however odd", async () => {
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
