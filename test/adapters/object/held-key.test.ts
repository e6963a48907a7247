import { describe, expect, it } from "vitest";
import { objectSink } from "../../../src/adapters/object.ts";
import { ObjectSinkCheckpoints } from "../../../src/adapters/object/checkpoints.ts";
import type { CommitMark } from "../../../src/checkpoints/commit-mark.ts";
import { FencedError } from "../../../src/errors.ts";
import { etl } from "../../../src/index.ts";
import { contentOf, lines, rowsOf } from "../../support/object/lines.ts";
import { MemoryStore } from "../../support/object/memory-store.ts";

const retry = { maxAttempts: 3, baseDelay: 0 };

/** Loads six rows, in batches of three, by a function that gives one row less in each attempt. */
async function shrink(store: MemoryStore, attempts: number[]) {
  const { wrap, checkpoints, writeManifest: postProcess } = objectSink(store, { format: lines });
  const load = wrap<{ id: number }>(async (rows, { batch }, load) => {
    attempts.push(batch.attempt);
    await load(rows.slice(batch.attempt - 1));
  });
  return await etl({ name: "rows", extract: () => rowsOf(0, 6), load, postProcess })
    .run({ batchSize: 3, checkpoints, retry });
}

/** Fails for the first part, before it is there or after. */
function failOnce(store: MemoryStore, when: "before" | "after"): void {
  store[when] = (call) => {
    if (!call.startsWith("put rows/part-")) return;
    store[when] = () => {};
    throw new Error("The connection is broken");
  };
}

async function claimed(store: MemoryStore): Promise<ObjectSinkCheckpoints> {
  const checkpoints = new ObjectSinkCheckpoints(store, "");
  await checkpoints.claim("rows", { runId: "one", until: 2000 }, 1000);
  return checkpoints;
}

/** A part of one row, and what it completes: with a position, of which its name does not tell. */
const part = { bytes: new Uint8Array(1), rows: 1, ending: "txt", contentType: "text/plain" };
const markOf = (from: number, to: number): CommitMark => ({
  ...{ key: "rows", runId: "one", isMarked: true, ranges: [[from, to, to]] },
  counts: { loaded: 1, skipped: to - from - 1, deadLettered: 0 },
});

describe("HeldKey", () => {
  it("finds the part that was put although nobody heard of it", async () => {
    const store = new MemoryStore();
    failOnce(store, "after");
    const attempts: number[] = [];
    await shrink(store, attempts);
    expect(attempts).toEqual([1, 2, 1]);
    expect(contentOf(store, "rows/")).toMatchObject({ ids: [0, 1, 2, 3, 4, 5], others: [] });
  });

  it("keeps a part out that may still be on its way", async () => {
    const store = new MemoryStore();
    failOnce(store, "before");
    await shrink(store, []);
    const late = "rows/part-000000000000-000000000003-3-000001.ndjson";
    expect(store.calls.filter((call) => call === `put ${late}`).length).toBe(2);
    const { ids, others } = contentOf(store, "rows/");
    expect([ids, others]).toEqual([[1, 2, 3, 4, 5], [late.slice("rows/".length)]]);
    const bytes = new TextEncoder().encode("late");
    expect(await store.put(late, bytes, { ifAbsent: true })).toBe(false);
    await shrink(store, []); // Another claim, by which a late one would not count.
    expect(contentOf(store, "rows/")).toMatchObject({ ids: [1, 2, 3, 4, 5], others: [] });
  });

  it("keeps a part out whose ranges are still being told", async () => {
    const store = new MemoryStore();
    const checkpoints = await claimed(store);
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    store.before = (call) => {
      if (!call.includes("ranges-")) return;
      begun.resolve();
      return gate.promise;
    };
    const whole = checkpoints.commit(markOf(0, 4), part);
    const failed = expect(whole).rejects.toThrow("something else");
    await begun.promise;
    store.before = () => {};
    await checkpoints.commit(markOf(0, 2), { ...part, bytes: new Uint8Array(2) });
    gate.resolve();
    await failed;
    const sizes = [...store.objects].filter(([key]) => key.startsWith("rows/part-"));
    expect(sizes.map(([, { length }]) => length).sort()).toEqual([0, 2]);
    expect(await checkpoints.read("rows")).toMatchObject({ offset: 2 });
  });

  it("takes its own object for what it wanted to put, and refuses another one", async () => {
    const store = new MemoryStore();
    failOnce(store, "after");
    const run = (rows: object[]) => {
      const { load, checkpoints } = objectSink(store, { format: lines });
      return etl({ name: "rows", extract: () => rows, load }).run({ checkpoints, retry, lease: 2 });
    };
    expect(await run(rowsOf(0, 3))).toMatchObject({ loaded: 3, retries: 1 });
    store.before = (call) => {
      const [, key = ""] = call.split(" ");
      if (key.startsWith("rows/part-")) store.objects.set(key, new TextEncoder().encode("no"));
    };
    await expect(run(rowsOf(0, 5))).rejects.toThrow(
      "there is one already that holds something else",
    );
  });

  it("takes back a part, and nothing of those that are put meanwhile", async () => {
    const store = new MemoryStore();
    const checkpoints = await claimed(store);
    const undo = await checkpoints.commit(markOf(0, 3), part);
    await checkpoints.commit(markOf(3, 5), part);
    // By what the run knows, which is kept together with what the parts have told.
    await checkpoints.write("rows", { offset: 0, done: [[7, 8]], updatedAt: 0, runId: "one" });
    store.before = async (call) => {
      if (!call.startsWith("delete rows/part-")) return;
      store.before = () => {};
      await checkpoints.commit(markOf(5, 7), part);
    };
    await undo!();
    expect(await checkpoints.read("rows")).toMatchObject({ offset: 0, done: [[3, 8]] });
    const held = checkpoints.heldBy("one")!;
    expect(held.mark.checkpoint).toMatchObject({ offset: 0, done: [[3, 8]] });
    const names = (part: string) => [...store.objects.keys()].filter((key) => key.includes(part));
    expect(names("rows/part-")).toHaveLength(2);
    expect(names("ranges-")).toHaveLength(2);
    expect([...held.parts.keys()]).toHaveLength(2);
    await checkpoints.commit(markOf(0, 3), part);
    expect(await checkpoints.read("rows")).toMatchObject({ offset: 8, done: [] });
  });

  it("takes nothing away from a run that has the key by now", async () => {
    const store = new MemoryStore();
    const checkpoints = await claimed(store);
    const undo = await checkpoints.commit(markOf(0, 3), part);
    const other = new ObjectSinkCheckpoints(store, "");
    await other.claim("rows", { runId: "two", until: 4000 }, 2000);
    await expect(undo!()).rejects.toThrow(FencedError);
    expect(
      [...other.heldBy("two")!.parts.keys()].every((name) => store.objects.has(`rows/${name}`)),
    )
      .toBe(true);
    expect(await other.read("rows")).toMatchObject({ offset: 3 });
  });

  it("never makes a letter of an item whose part may be there", async () => {
    const store = new MemoryStore();
    store.after = (call) => {
      if (call.startsWith("put rows/part-")) throw new Error("The connection is broken");
    };
    const { load, checkpoints } = objectSink(store, { format: lines });
    const letters: unknown[] = [];
    const deadLetters = new WritableStream({ write: (letter) => void letters.push(letter) });
    const running = etl({ name: "rows", extract: () => rowsOf(0, 3), load })
      .run({ batchSize: 3, checkpoints, deadLetters });
    await expect(running).rejects.toThrow("The connection is broken");
    expect(letters).toEqual([]);
  });
});
