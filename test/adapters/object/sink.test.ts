import { describe, it } from "vitest";
import { objectSink, type ObjectStore } from "../../../src/adapters/object.ts";
import { KeptFolder } from "../../../src/adapters/object/kept-folder.ts";
import { type SinkRow, testCheckpointStore, testSink } from "../../../src/adapters/testing.ts";
import type { RowFormat } from "../../../src/bytes/row-encoder.ts";
import { BatchError } from "../../../src/errors.ts";
import { MemoryStore } from "../../support/object/memory-store.ts";

/** Rows as JSON lines. */
const lines: RowFormat<object> = {
  head: () => "",
  body: (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join(""),
  separator: "",
  tail: () => "",
  extension: "ndjson",
  contentType: "application/x-ndjson",
};

async function textOf(store: ObjectStore, key: string): Promise<string> {
  return await new Response((await store.get(key))!.body as BodyInit).text();
}

/** All rows that count: of each folder, and of runs without checkpoints. */
async function rowsIn(store: ObjectStore): Promise<SinkRow[]> {
  const folders = new Set<string>();
  const names: string[] = [];
  for await (const { key } of store.list("")) {
    if (key.includes("/part-")) folders.add(key.slice(0, key.lastIndexOf("/") + 1));
    if (key.includes("/rows-")) names.push(key);
  }
  for (const folder of folders) {
    const { parts } = await new KeptFolder(store, folder, folder).look();
    names.push(...[...parts.keys()].map((name) => folder + name));
  }
  const texts = await Promise.all(names.map((name) => textOf(store, name)));
  return texts.join("").split("\n").filter(Boolean).map((line) => JSON.parse(line) as SinkRow);
}

/** A sink that refuses an id that is in the store already, as a table with a key does. */
function testedSink() {
  const store = new MemoryStore();
  const seen = (): number[] =>
    [...store.objects].flatMap(([key, bytes]) => {
      if (!/\/(part|rows)-/.test(key)) return [];
      const text = new TextDecoder().decode(bytes);
      return text.split("\n").filter(Boolean).map((line) => (JSON.parse(line) as SinkRow).id);
    });
  const format: RowFormat<SinkRow> = {
    ...lines,
    body(given) {
      const ids = new Set(seen());
      const failures = new Map<number, Error>();
      given.forEach(({ id, name, ...others }, index) => {
        const isRow = typeof name === "string" && Object.keys(others).length === 0;
        if (ids.has(id) || !isRow) failures.set(index, new Error("It is there, or it is no row"));
        ids.add(id);
      });
      if (failures.size > 0) throw new BatchError(failures);
      return lines.body(given);
    },
  };
  return {
    ...objectSink<SinkRow>(store, { format }),
    rows: () => rowsIn(store),
    deadLetters: () => new WritableStream(),
    close: () => {},
  };
}

describe("objectSink()", () => {
  testSink(it, { create: testedSink });
});

describe("checkpoints of objectSink()", () => {
  testCheckpointStore(it, {
    create: () => objectSink(new MemoryStore(), { format: lines }).checkpoints,
  });
});
