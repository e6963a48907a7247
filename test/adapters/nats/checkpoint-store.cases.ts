import { expect, it } from "vitest";
import { NatsCheckpointStore, type NatsKv } from "../../../src/adapters/nats.ts";
import { testCheckpointStore } from "../../../src/adapters/testing.ts";
import type { NatsBench } from "../../support/nats/bench.ts";

/** Defines the tests of checkpoints in a bucket. */
export function testNatsCheckpoints({ bucket }: NatsBench): void {
  testCheckpointStore(it, { create: () => new NatsCheckpointStore(bucket()) });

  it("keeps one of many that two processes write at once, and both claims", async () => {
    const stores = [new NatsCheckpointStore(bucket()), new NatsCheckpointStore(bucket())];
    const claims = stores.map((store, n) =>
      store.claim("two processes", { runId: `run ${n}`, until: 2000 }, 1000)
    );
    const [first, second] = await Promise.all(claims);
    expect(first).toEqual(second);
    const runId = first!.runId;
    const writes = Array.from(
      { length: 20 },
      (_, offset) =>
        stores[offset % 2]!.write("two processes", { offset, done: [], updatedAt: 1, runId }),
    );
    await Promise.all(writes);
    expect(await stores[0]!.read("two processes")).toMatchObject({ done: [], runId });
  });

  it.each([
    ["no JSON", "it is not JSON"],
    ['{"key":"another"}', "the value belongs to another key"],
    ['{"key":"broken text","checkpoint":{"offset":-1}}', "'offset' is not a non-negative integer"],
  ])("does not begin from zero where a key has %s, until it is repaired", async (text, words) => {
    const path = `checkpoint.${btoa("broken text").replaceAll("=", "")}`;
    await bucket().put(path, new TextEncoder().encode(text));
    const store = new NatsCheckpointStore(bucket());
    await expect(store.read("broken text")).rejects.toThrow(words);
    const next = { offset: 7, done: [], updatedAt: 1 };
    await expect(store.write("broken text", { ...next, runId: "one" })).rejects.toThrow(words);
    await store.write("broken text", next);
    expect(await store.read("broken text")).toEqual(next);
  });

  it("refuses what is no bucket", () => {
    expect(() => new NatsCheckpointStore({} as NatsKv)).toThrow(
      "Cannot construct NatsCheckpointStore as 'kv' must be a bucket of @nats-io/kv",
    );
  });
}
