import { describe, expect, it } from "vitest";
import { BucketStream } from "../../src/streams/bucket.ts";

describe("BucketStream", () => {
  it("groups", async () => {
    const bucket = new BucketStream<number>({ batchSize: 2 });
    const w = bucket.writable.getWriter();
    const r = bucket.readable.getReader();
    w.write(1);
    w.write(2);
    expect((await r.read()).value).toEqual([1, 2]);
  });
});
