import { describe, expect, it } from "vitest";
import { testCheckpointStore } from "../../src/adapters/testing.ts";
import type { Checkpoint } from "../../src/checkpoints/checkpoint.ts";
import { MemoryCheckpointStore } from "../../src/checkpoints/memory-checkpoint-store.ts";

describe("MemoryCheckpointStore", () => {
  testCheckpointStore(it, { create: () => new MemoryCheckpointStore() });

  it("answers synchronously", () => {
    const store = new MemoryCheckpointStore();
    const checkpoint = { offset: 1, done: [], updatedAt: 1 };
    expect(store.write("a", checkpoint)).toBe(undefined);
    expect(store.read("a")).toEqual(checkpoint);
    expect(store.claim("a", { runId: "one", until: 1 }, 0)).toEqual({ runId: "one", until: 1 });
  });

  it("keeps what it was given although the caller changes that object", () => {
    const store = new MemoryCheckpointStore();
    const range: [number, number, { at: number }] = [3, 4, { at: 3 }];
    const checkpoint = { offset: 1, done: [range], position: { at: [1] }, updatedAt: 1 };
    store.write("a", checkpoint);
    const kept = structuredClone(checkpoint);
    checkpoint.offset = 9;
    checkpoint.position.at.push(9);
    range[1] = 9;
    range[2].at = 9;
    checkpoint.done.push([10, 11, { at: 11 }]);
    expect(store.read("a")).toEqual(kept);
  });

  it("keeps what it returned although the caller changes that object", () => {
    const store = new MemoryCheckpointStore();
    const checkpoint = { offset: 1, done: [[3, 4, "x"]] as const, position: [1], updatedAt: 1 };
    store.write("a", checkpoint);
    const given = store.read("a") as Checkpoint;
    for (const part of [given, given.done, given.done[0]]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    (given.position as number[]).push(2);
    expect(store.read("a")).toEqual(checkpoint);
  });

  it("keeps a claim although the caller changes the object it was given or returned", () => {
    const store = new MemoryCheckpointStore();
    const claim = { runId: "one", until: 10 };
    const given = store.claim("a", claim, 0);
    claim.until = 0;
    expect(Object.isFrozen(given)).toBe(true);
    expect(store.claim("a", { runId: "two", until: 20 }, 5)).toEqual({ runId: "one", until: 10 });
  });

  it("keeps positions that JSON cannot hold", () => {
    const store = new MemoryCheckpointStore();
    const position = { at: new Date(5), id: 7n, of: new Map([[1, undefined]]) };
    store.write("a", { offset: 1, done: [], position, updatedAt: 1 });
    expect(store.read("a")?.position).toEqual(position);
  });

  it("shares nothing with another store", () => {
    new MemoryCheckpointStore().write("a", { offset: 1, done: [], updatedAt: 1 });
    expect(new MemoryCheckpointStore().read("a")).toBe(undefined);
  });
});
