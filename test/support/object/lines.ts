import type { MemoryStore } from "./memory-store.ts";
import type { RowFormat } from "../../../src/bytes/row-encoder.ts";

/** Rows as JSON lines. */
export const lines: RowFormat<object> = {
  head: () => "",
  body: (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join(""),
  separator: "",
  tail: () => "",
  extension: "ndjson",
  contentType: "application/x-ndjson",
};

/** What a manifest and the parts that it names hold; and what stands beside them. */
export function contentOf(store: MemoryStore, folder: string) {
  const manifest = JSON.parse(store.textOf(`${folder}manifest.json`));
  const names: string[] = manifest.parts.map(({ name }: { name: string }) => name);
  const text = names.map((name) => store.textOf(folder + name)).join("");
  const rows = text.split("\n").filter(Boolean).map((line) => JSON.parse(line) as { id: number });
  const others = [...store.objects.keys()].map((key) => key.slice(folder.length))
    .filter((name) => name.startsWith("part-") && !names.includes(name));
  return { manifest, names, ids: rows.map(({ id }) => id), others };
}

/** Rows of some ids. */
export const rowsOf = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ id: from + index }));
