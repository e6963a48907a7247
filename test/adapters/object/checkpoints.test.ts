import { describe, expect, it } from "vitest";
import { objectSink } from "../../../src/adapters/object.ts";
import { etl, skip } from "../../../src/index.ts";
import { contentOf, lines, rowsOf } from "../../support/object/lines.ts";
import { MemoryStore } from "../../support/object/memory-store.ts";

const count = 12;
const lease = 2; // Milliseconds: a run that is gone is waited for.

interface Job {
  readonly batchSize: number;
  readonly workers?: number;
  readonly letters?: number[];
  readonly more?: object;
}

/** Loads rows of which one is skipped and one is refused, and writes the manifest. */
async function run(store: MemoryStore, { batchSize, workers = 1, letters = [], more }: Job) {
  const { load, checkpoints, writeManifest: postProcess } = objectSink(store, { format: lines });
  const transform = (row: { id: number }) => {
    if (row.id === 5) throw new Error("It is 5");
    return row.id === 6 ? skip : row;
  };
  const deadLetters = new WritableStream<{ item: { id: number } }>({
    write: ({ item }) => void letters.push(item.id),
  });
  return await etl({ name: "rows", extract: () => rowsOf(0, count), transform, load, postProcess })
    .run({ batchSize, workers, checkpoints, deadLetters, lease, ...more });
}

/** A store that is lost to its process before some call: after the one before it, whose answer is. */
function dieAt(store: MemoryStore, place: number): void {
  let calls = 0;
  store.before = () => {
    if (calls++ >= place) throw new Error("The process is gone");
  };
}

function live(store: MemoryStore): void {
  store.before = () => {};
}

const ids = rowsOf(0, count).map(({ id }) => id).filter((id) => id !== 5 && id !== 6);

describe("the checkpoints of objectSink()", () => {
  it("have each row once after a crash at any call, and another run that cuts other batches", async () => {
    const whole = new MemoryStore();
    await run(whole, { batchSize: 4, workers: 2 });
    const calls = whole.calls.length;
    for (let place = 0; place < calls; place++) {
      const store = new MemoryStore();
      dieAt(store, place);
      const failure = await run(store, { batchSize: 4, workers: 2 }).catch(String);
      live(store);
      await run(store, { batchSize: 3 });
      const { manifest, ids: found, others } = contentOf(store, "rows/");
      const { items, rows } = manifest;
      const end = { ids: [...found].sort((a, b) => a - b), items, rows, others };
      const wanted = { ids, items: count, rows: ids.length, others: [] };
      expect({ place, failure, ...end }).toEqual({ place, failure, ...wanted });
    }
  });

  it("count what was skipped, and what became a letter", async () => {
    const store = new MemoryStore();
    const letters: number[] = [];
    await run(store, { batchSize: 4, letters });
    const later = await run(store, { batchSize: 7, letters });
    expect(letters).toEqual([5]);
    expect(later.extracted).toBe(0);
    expect(later.checkpoint).toMatchObject({ offset: count, done: [] });
  });

  it("cost one put and one list for a batch", async () => {
    const store = new MemoryStore();
    const { load, checkpoints } = objectSink(store, { format: lines });
    const during: string[] = [];
    const own = async (...args: Parameters<typeof load>) => {
      store.calls.length = 0;
      await load(...args);
      during.push(...store.calls);
    };
    await etl({ name: "rows", extract: () => rowsOf(0, 6), load: Object.assign(own, load) })
      .run({ batchSize: 3, checkpoints });
    expect(during).toEqual([
      "put rows/part-000000000000-000000000003-3-000001.ndjson",
      "list rows/_millrace/claim-",
      "put rows/part-000000000003-000000000006-3-000001.ndjson",
      "list rows/_millrace/claim-",
    ]);
  });

  it("go on at the position of the last item of the finished beginning", async () => {
    const store = new MemoryStore();
    const opened: unknown[] = [];
    const runFrom = async (last: number) => {
      const { load, checkpoints } = objectSink(store, { format: lines });
      const extract = function* ({ checkpoint }: { checkpoint?: { position?: unknown } }) {
        const from = checkpoint?.position as number | undefined ?? -1;
        opened.push(from);
        for (const row of rowsOf(from + 1, count)) {
          if (row.id > last) throw new Error("The source has failed");
          yield row;
        }
      };
      return await etl({ name: "rows", extract, load })
        .run({ batchSize: 3, checkpoints, position: ({ id }) => id, resume: "source" });
    };
    await expect(runFrom(7)).rejects.toThrow("The source has failed");
    expect((await runFrom(99)).loaded).toBe(count - 8);
    expect(opened).toEqual([-1, 7]);
  });

  it("refuse a second run while the first one lives", async () => {
    const store = new MemoryStore();
    const first = objectSink(store, { format: lines }).checkpoints;
    await first.claim("rows", { runId: "one", until: Infinity, lease: Infinity }, 0);
    const second = run(store, { batchSize: 4 });
    await expect(second).rejects.toMatchObject({ cause: { name: "FencedError" } });
  });

  it("do not count what a run puts that has lost its key, and stop it", async () => {
    const store = new MemoryStore();
    const { load, checkpoints } = objectSink(store, { format: lines });
    const other = objectSink(store, { format: lines }).checkpoints;
    store.before = async (call) => {
      if (!call.startsWith("put rows/part-")) return;
      live(store);
      // Another process takes the key for one that is over, and is gone when the part arrives.
      await other.claim("rows", { runId: "two", until: 1, lease }, Number.MAX_VALUE);
      await other.release("rows", "two");
    };
    const late = etl({ name: "rows", extract: () => rowsOf(0, count), load })
      .run({ batchSize: 4, checkpoints });
    await expect(late).rejects.toMatchObject({ cause: { name: "FencedError" } });
    const part = "rows/part-000000000000-000000000004-4-000001.ndjson";
    expect(store.objects.has(part)).toBe(true);
    await run(store, { batchSize: 7 });
    expect(contentOf(store, "rows/")).toMatchObject({ ids, others: [] });
  });

  it("do not count a part that arrives after another run has cut other batches", async () => {
    const store = new MemoryStore();
    let puts = 0;
    store.before = (call) => {
      if (call.startsWith("put rows/part-")) puts++;
      if (puts > 1) throw new Error("The process is gone");
    };
    await run(store, { batchSize: 4 }).catch(() => {});
    live(store);
    const early = [...store.objects].filter(([key]) => key.includes("/part-"));
    for (const [key] of early) store.objects.delete(key); // It is on its way.
    await run(store, { batchSize: 7 });
    for (const [key, bytes] of early) store.objects.set(key, bytes);
    await run(store, { batchSize: 4 });
    expect(early.length).toBe(1);
    expect(contentOf(store, "rows/")).toMatchObject({ ids, others: [] });
  });

  it("keep parts that a checkpoint written by hand has, and drop the others", async () => {
    const store = new MemoryStore();
    await run(store, { batchSize: 4 });
    const { checkpoints } = objectSink(store, { format: lines });
    const back = (offset: number) => checkpoints.write("rows", { offset, done: [], updatedAt: 1 });
    const told = "at the end of a part, as the part of offsets 4 to 8 cannot be cut";
    await expect(back(6)).rejects.toThrow(told);
    await back(8);
    const report = await run(store, { batchSize: 5 });
    expect(report.extracted).toBe(4);
    const { ids: found, others, names } = contentOf(store, "rows/");
    expect(found).toEqual(ids);
    expect(others).toEqual([]);
    expect(names.length).toBe(3);
  });

  it("refuse a store that replaces what it is asked to keep", async () => {
    const store = new MemoryStore();
    const { put } = store;
    store.put = (key, bytes) => put.call(store, key, bytes);
    await expect(run(store, { batchSize: 4 })).rejects.toThrow(
      "Cannot claim a key as 'store' must be a store that rejects a put with If-None-Match: * if the object exists",
    );
  });

  it("refuse what is no checkpoint", async () => {
    const store = new MemoryStore();
    await run(store, { batchSize: 4 });
    const mark = [...store.objects.keys()].find((key) => key.includes("mark-"))!;
    store.objects.set(mark, new TextEncoder().encode("{"));
    const { checkpoints } = objectSink(store, { format: lines });
    await expect(checkpoints.read("rows")).rejects.toThrow("it is not JSON");
  });
});
