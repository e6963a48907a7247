import { afterEach, beforeEach, expect, it } from "vitest";
import type { ObjectStore } from "../../../src/adapters/object.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** The text of an object, from a byte on. */
export async function textIn(store: ObjectStore, key: string, from?: number): Promise<string> {
  const found = await store.get(key, { from });
  return await new Response(found!.body as BodyInit).text();
}

/** What a test has made, with what removes it. */
export interface MadeStore {
  readonly store: ObjectStore;
  close?(): unknown;
}

/** Defines the tests that every store of objects has to pass. */
export function testObjectStore(make: () => MadeStore | Promise<MadeStore>): void {
  let made: MadeStore;
  let store: ObjectStore;
  beforeEach(async () => {
    made = await make();
    store = made.store;
  });
  afterEach(() => made.close?.());
  const keysOf = async (prefix: string) =>
    (await Array.fromAsync(store.list(prefix), ({ key }) => key)).sort();

  it("gives back what was put, and what replaced it", async () => {
    expect(await store.put("a/b.txt", bytesOf("one"))).toBe(true);
    expect(await textIn(store, "a/b.txt")).toBe("one");
    const { etag, size, body } = (await store.get("a/b.txt"))!;
    await body.cancel();
    expect(size).toBe(3);
    expect(await store.put("a/b.txt", bytesOf("other"), { contentType: "text/plain" })).toBe(true);
    const later = (await store.get("a/b.txt"))!;
    await later.body.cancel();
    expect(later.size).toBe(5);
    expect(later.etag).not.toBe(etag);
    expect(await store.get("a/no.txt")).toBe(undefined);
  });

  it("puts one of many at once where there is none", async () => {
    const puts = Array.from(
      { length: 8 },
      (_, n) => store.put("one", bytesOf(`${n}`), { ifAbsent: true }),
    );
    const made = await Promise.all(puts);
    expect(made.filter(Boolean)).toEqual([true]);
    expect(await textIn(store, "one")).toBe(`${made.indexOf(true)}`);
    expect(await store.put("one", bytesOf("late"), { ifAbsent: true })).toBe(false);
  });

  it("reads from a byte on, up to the end", async () => {
    await store.put("digits", bytesOf("0123456789"));
    expect(await textIn(store, "digits", 7)).toBe("789");
    expect(await textIn(store, "digits", 10)).toBe("");
    const found = (await store.get("digits", { from: 4 }))!;
    await found.body.cancel();
    expect(found.size).toBe(10);
  });

  it("keeps an object without bytes, and strange keys", async () => {
    const keys = ["empty", "a b+c&d%20é/(x)!'*;=", "deep/er/still.txt"];
    for (const key of keys) await store.put(key, new Uint8Array(0));
    expect(await keysOf("")).toEqual([...keys].sort());
    expect(await textIn(store, keys[1]!)).toBe("");
  });

  it("lists what begins with a prefix, with sizes, and nothing of what is not there", async () => {
    const keys = Array.from({ length: 25 }, (_, n) => `list/part-${n}`);
    await Promise.all(keys.map((key) => store.put(key, bytesOf(key))));
    await store.put("list", bytesOf("")).catch(() => {}); // No folder has a file of its name.
    await store.put("lists/other", bytesOf("x"));
    expect(await keysOf("list/")).toEqual([...keys].sort());
    expect(await keysOf("list/part-1")).toEqual(
      keys.filter((key) => key.startsWith("list/part-1")).sort(),
    );
    const sizes = await Array.fromAsync(store.list("list/part-3"), ({ size }) => size);
    expect(sizes).toEqual(["list/part-3".length]);
    expect(await keysOf("none/at/all")).toEqual([]);
  });

  it("deletes what is there, and what is not", async () => {
    await store.put("gone", bytesOf("x"));
    await store.delete("gone");
    await store.delete("gone");
    expect(await store.get("gone")).toBe(undefined);
    expect(await store.put("gone", bytesOf("y"), { ifAbsent: true })).toBe(true);
  });
}
