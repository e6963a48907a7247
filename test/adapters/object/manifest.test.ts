import { describe, expect, it } from "vitest";
import { objectSink, type ObjectSinkOptions, readParts } from "../../../src/adapters/object.ts";
import { readNdjson } from "../../../src/adapters/ndjson.ts";
import { encodeCsv, readCsv } from "../../../src/adapters/csv.ts";
import { batched, etl } from "../../../src/index.ts";
import { contentOf, lines, rowsOf } from "../../support/object/lines.ts";
import { MemoryStore } from "../../support/object/memory-store.ts";

const name = "rows";

async function write(
  store: MemoryStore,
  rows: { id: number }[],
  options: Partial<ObjectSinkOptions<object>> = {},
  more: object = {},
) {
  const { load, checkpoints, writeManifest } = objectSink(store, { format: lines, ...options });
  return await etl({ name, extract: () => rows, load, postProcess: writeManifest })
    .run({ batchSize: 2, checkpoints, ...more });
}

const read = async (store: MemoryStore, key = "rows/manifest.json") =>
  (await Array.fromAsync(batched(readNdjson<{ id: number }>(readParts(store, key))))).flat();

describe("a manifest", () => {
  it("names all parts in the order of the source", async () => {
    const store = new MemoryStore();
    await write(store, rowsOf(0, 5), {}, { workers: 3 });
    const { manifest } = contentOf(store, "rows/");
    expect(manifest).toEqual({
      ...{ version: 1, key: "rows", runId: expect.any(String), items: 5, rows: 5, bytes: 45 },
      parts: [[0, 2], [2, 4], [4, 5]].map(([from, to]) => ({
        name: `part-00000000000${from}-00000000000${to}-${to! - from!}-000001.ndjson`,
        ...{ from, to, rows: to! - from!, bytes: 9 * (to! - from!) },
      })),
    });
  });

  it("grows by what later runs add", async () => {
    const store = new MemoryStore();
    await write(store, rowsOf(0, 3));
    await write(store, rowsOf(0, 6));
    expect(await read(store)).toEqual(rowsOf(0, 6));
    expect(contentOf(store, "rows/").manifest).toMatchObject({ rows: 6, items: 6 });
  });

  it("is there for a run without rows", async () => {
    const store = new MemoryStore();
    await write(store, []);
    expect(contentOf(store, "rows/").manifest).toMatchObject({ rows: 0, parts: [] });
    expect(await read(store)).toEqual([]);
  });

  it("changes in one step where each run begins anew", async () => {
    const store = new MemoryStore();
    const forget = { whenCompleted: "forget" };
    await write(store, rowsOf(0, 5), {}, forget);
    await write(store, rowsOf(7, 10), {}, forget);
    const { ids, others } = contentOf(store, "rows/");
    expect(ids).toEqual([7, 8, 9]);
    expect(others).toEqual([]);
  });

  it.each(["none", "gzip"] as const)("names whole files, compressed by %s", async (compress) => {
    const store = new MemoryStore();
    await write(store, rowsOf(0, 5), { format: encodeCsv(), compress, prefix: "a/b-" });
    const parts = readParts(store, "a/b-rows/manifest.json");
    const rows = (await Array.fromAsync(batched(readCsv(parts)))).flat();
    expect(rows).toEqual(rowsOf(0, 5).map(({ id }) => ({ id: `${id}` })));
  });

  it("is refused to a run that has its checkpoints elsewhere", async () => {
    const { writeManifest } = objectSink(new MemoryStore(), { format: lines });
    await expect(writeManifest({ runId: "one" })).rejects.toThrow(
      "Cannot write a manifest as 'checkpoints' must be those of the sink",
    );
  });
});

describe("readParts()", () => {
  it("fails where there is no manifest, or something else", async () => {
    const store = new MemoryStore();
    await expect(read(store)).rejects.toThrow(
      'Cannot read parts: "rows/manifest.json" is not there',
    );
    for (const text of ["no", "{}"]) {
      await store.put("rows/manifest.json", new TextEncoder().encode(text));
      await expect(read(store)).rejects.toThrow("is no manifest of objectSink");
    }
  });

  it("fails where a part is gone, or has another size", async () => {
    const store = new MemoryStore();
    await write(store, rowsOf(0, 4));
    const [first = "", second = ""] = contentOf(store, "rows/").names;
    await store.put(`rows/${second}`, new Uint8Array(1));
    await expect(read(store)).rejects.toThrow("it has 1 bytes, and has to have 18");
    await store.delete(`rows/${first}`);
    await expect(read(store)).rejects.toThrow(`Cannot read object "rows/${first}": there is none`);
  });
});

describe("objectSink()", () => {
  it.each([
    ["store", () => objectSink(null as never, { format: lines })],
    ["format", () => objectSink(new MemoryStore(), {} as never)],
    ["format", () => objectSink(new MemoryStore(), { format: {} as never })],
    ["prefix", () => objectSink(new MemoryStore(), { format: lines, prefix: "/a" })],
    ["prefix", () => objectSink(new MemoryStore(), { format: lines, prefix: "a/../b" })],
    ["compress", () => objectSink(new MemoryStore(), { format: lines, compress: "zip" as never })],
  ])("refuses a wrong '%s'", (name, make) => {
    expect(make).toThrow(`Cannot construct objectSink as '${name}' must be`);
  });
});
