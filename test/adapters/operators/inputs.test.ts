import { describe, expect, it } from "vitest";
import { CancelledError, etl, type Source } from "../../../src/index.ts";
import {
  concat,
  merge,
  mergeSorted,
  SourceError,
  streamOf,
  zip,
} from "../../../src/adapters/operators.ts";
import { errorOf } from "../../support/outcomes/error-of.ts";
import { Fed, type Feed, kinds } from "../../support/streams/fed-sources.ts";

const joins: Readonly<Record<string, (sources: readonly Source<number>[]) => Source<unknown>>> = {
  concat: (sources) => concat(...sources),
  merge: (sources) => merge(sources),
  "merge, two at once": (sources) => merge(sources, { concurrency: 2 }),
  zip: (sources) => zip(...sources),
  mergeSorted: (sources) => mergeSorted(sources, { by: (n) => n }),
};
const names = Object.keys(joins);
const cases = names.flatMap((name) => kinds.map((kind) => [name, kind] as const));

function fed(...feeds: readonly Partial<Feed<number>>[]): Fed<number>[] {
  return feeds.map((feed) => new Fed({ items: [1, 2, 3], ...feed }));
}

const join = (name: string, sources: readonly Fed<number>[]) =>
  joins[name]!(sources.map(({ source }) => source));

async function read(source: Source<unknown>): Promise<{ items: unknown[]; error?: unknown }> {
  const items: unknown[] = [];
  const reader = streamOf(source).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { items };
      items.push(value);
    }
  } catch (error) {
    return { items, error };
  }
}

/** Resolves once the first of them is being read. */
async function begun(sources: readonly Fed<number>[]): Promise<void> {
  while (sources[0]?.isRead !== true) await new Promise((go) => setTimeout(go));
}

/** None is held any more: those that were not read hold nothing. */
const held = (sources: readonly Fed<number>[]) =>
  sources.filter(({ isReleased, isRead }) => !isReleased && isRead).length;

describe("sources that are put together", () => {
  it.each(cases)("%s of kind %s ends with them", async (name, kind) => {
    const sources = fed({ kind }, { kind }, { kind });
    const { items, error } = await read(join(name, sources));
    expect(error).toBe(undefined);
    expect(items.length).toBe(name === "zip" ? 3 : 9);
    expect(held(sources)).toBe(0);
  });

  it.each(cases)("%s of kind %s fails with one, and cancels the others", async (name, kind) => {
    if (kind === "array") return; // It does not fail.
    const failure = new Error("gone");
    const sources = fed({ kind }, { kind, failure }, { kind, items: [1, 2, 3, 4, 5] });
    const { items, error } = await read(join(name, sources));
    expect(error).toBeInstanceOf(SourceError);
    expect(error).toMatchObject({ index: 1, cause: failure, message: "Source 1 failed: gone" });
    expect(items.length).toBeGreaterThanOrEqual(3);
    expect(held(sources)).toBe(0);
  });

  it.each(names)("%s fails at once where the others do not answer", async (name) => {
    const sources = fed({ items: [], failure: "gone" }, { isHeld: true }, { isHeld: true });
    const { error } = await read(join(name, sources));
    expect(error).toMatchObject({ index: 0, cause: "gone" });
    expect(held(sources)).toBe(0);
  });

  it.each(names)("%s is cancelled while it is read", async (name) => {
    const sources = fed({ items: [], isHeld: true }, { items: [], isHeld: true });
    const reader = streamOf(join(name, sources)).getReader();
    const pending = reader.read();
    await null;
    await reader.cancel("enough");
    expect(await pending).toMatchObject({ done: true });
    expect(held(sources)).toBe(0);
    expect(sources.map(({ isReleased }) => isReleased)).toEqual([true, true]);
  });

  it.each(names)("%s cancels streams that were never read", async (name) => {
    const sources = fed({}, {}, {});
    await streamOf(join(name, sources)).cancel("enough");
    const reader = streamOf(join(name, fed({}, {}, {}))).getReader();
    await reader.read();
    await reader.cancel("enough");
    const sourcesBegun = fed({}, {}, {});
    const started = streamOf(join(name, sourcesBegun)).getReader();
    await started.read();
    await started.cancel("enough");
    expect(sourcesBegun.map(({ isReleased }) => isReleased)).toEqual([true, true, true]);
  });

  it.each(names)("%s is cancelled when its run is aborted", async (name) => {
    const sources = fed({ isHeld: true }, { isHeld: true });
    const run = etl({ name: "joined", extract: () => join(name, sources), load: () => {} }).start();
    await begun(sources);
    run.abort("enough");
    expect(await errorOf(run.finished)).toBeInstanceOf(CancelledError);
    expect(sources.map(({ isReleased }) => isReleased)).toEqual([true, true]);
  });

  it.each(names)("%s is cancelled when the signal of its run aborts", async (name) => {
    const controller = new AbortController();
    const sources = fed({ isHeld: true }, { isHeld: true });
    const loaded: unknown[] = [];
    const run = etl({
      name: "joined",
      extract: () => join(name, sources),
      load: (rows) => void loaded.push(...rows),
    }).run({ signal: controller.signal });
    await begun(sources);
    controller.abort("enough");
    expect(await errorOf(run)).toBeInstanceOf(CancelledError);
    expect(sources.map(({ isReleased }) => isReleased)).toEqual([true, true]);
  });

  it.each(names)("%s refuses what is no source, with its place", (name) => {
    expect(() => joins[name]!([[1], 42 as never])).toThrow(
      /^Cannot .+ as 'sources\[1\]' must be a ReadableStream, .*: current value is 42$/,
    );
    const { source } = new Fed({ items: [1] });
    expect(() => joins[name]!([source, source])).toThrow("'sources[1]' must be given once");
  });

  it.each(names)("%s of none is empty", async (name) => {
    expect(await read(joins[name]!([]))).toEqual({ items: [] });
  });
});
