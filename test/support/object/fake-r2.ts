import type { R2Bucket } from "../../../src/adapters/object.ts";

/** A bucket of R2 in memory, with lists of ten. */
export function fakeR2(): R2Bucket {
  const objects = new Map<string, { etag: string; bytes: Uint8Array<ArrayBuffer> }>();
  let version = 0;
  const head = async (key: string) => {
    const found = objects.get(key);
    return found === undefined ? null : { key, etag: found.etag, size: found.bytes.length };
  };
  return {
    head,
    async get(key, { range } = { range: { offset: 0 } }) {
      const facts = await head(key);
      if (facts === null) return null;
      const { bytes } = objects.get(key)!;
      if (range.offset > 0 && range.offset >= bytes.length) {
        throw new Error("get: bad range (10039)");
      }
      return { ...facts, body: new Blob([bytes.slice(range.offset)]).stream() };
    },
    async put(key, value, { onlyIf } = {}) {
      if (onlyIf?.etagDoesNotMatch === "*" && objects.has(key)) return null;
      objects.set(key, { etag: `${++version}`, bytes: Uint8Array.from(value) });
      return await head(key);
    },
    async list({ prefix, cursor = "" }) {
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > cursor)
        .sort();
      const page = keys.slice(0, 10);
      const found = await Promise.all(page.map(async (key) => (await head(key))!));
      const truncated = keys.length > page.length;
      return { objects: found, truncated, ...(truncated && { cursor: page.at(-1)! }) };
    },
    delete: async (key) => void objects.delete(key),
  };
}
