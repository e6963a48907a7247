import { describe, expect, it, vi } from "vitest";
import { keyValueCheckpoints } from "../../src/adapters/checkpoint.ts";
import { testCheckpointStore } from "../../src/adapters/testing.ts";
import { CheckpointError } from "../../src/errors.ts";

const checkpoint = { offset: 5, done: [], updatedAt: 1 };

/** A store as that of Deno: each change has its number. */
function denoStore() {
  const kept = new Map<string, { value: unknown; versionstamp: string }>();
  let changes = 0;
  const get = async ([key]: string[]) => {
    await Promise.resolve();
    return kept.get(key!) ?? { value: null, versionstamp: null };
  };
  const put = ([key]: string[], value: unknown) =>
    void kept.set(key!, { value, versionstamp: `${changes++}` });
  const atomic = () => {
    const steps: (() => boolean)[] = [];
    const operation = {
      check: ({ key, versionstamp }: { key: string[]; versionstamp: string | null }) => {
        steps.push(() => (kept.get(key[0]!)?.versionstamp ?? null) === versionstamp);
        return operation;
      },
      set: (key: string[], value: unknown) => {
        steps.push(() => (put(key, value), true));
        return operation;
      },
      commit: async () => {
        await Promise.resolve();
        return { ok: steps.every((step) => step()) };
      },
    };
    return operation;
  };
  const set = async (key: string[], value: unknown) => await Promise.resolve(put(key, value));
  return { get, set, atomic } as never;
}

/** A store as that of unstorage, which gives what JSON makes of a text. */
function itemStore() {
  const kept = new Map<string, string>();
  return {
    getItem: async (key: string) => {
      await Promise.resolve();
      const text = kept.get(key);
      return text === undefined ? null : JSON.parse(text) as unknown;
    },
    setItem: async (key: string, text: string) => await Promise.resolve(void kept.set(key, text)),
  };
}

describe.each([
  ["a map", () => new Map<string, string>()],
  ["items", itemStore],
  ["Deno.Kv", denoStore],
])("keyValueCheckpoints() in %s", (name, create) => {
  const claims = name === "Deno.Kv"; // The others cannot replace what nobody has changed.
  testCheckpointStore(it, { create: () => keyValueCheckpoints(create()), claims });
});

describe("keyValueCheckpoints()", () => {
  it("has keys of one length, which begin as they are told to", async () => {
    const kept = new Map<string, string>();
    for (const key of ["", "a".repeat(5000), "\ud800", "\ud801"]) {
      await keyValueCheckpoints(kept, { prefix: "p:" }).write(key, checkpoint);
    }
    expect([...kept.keys()].every((key) => /^p:[0-9a-f]{64}$/.test(key))).toBe(true);
    expect(kept.size).toBe(4);
  });

  it("writes a key at most once in each interval, and the last state always", async () => {
    vi.useFakeTimers();
    try {
      const set = vi.fn();
      const store = keyValueCheckpoints({ get: () => null, set }, { interval: 1000 });
      await store.write("a", checkpoint);
      await store.write("b", checkpoint);
      const late = store.write("a", { ...checkpoint, offset: 9 }) as Promise<void>;
      await vi.advanceTimersByTimeAsync(999);
      expect(set).toHaveBeenCalledTimes(2);
      await vi.advanceTimersByTimeAsync(1);
      await late;
      expect(set).toHaveBeenCalledTimes(3);
      expect(set.mock.calls[2]![1]).toContain('"offset":9');
      const stop = new AbortController();
      const never = store.write("a", checkpoint, stop.signal) as Promise<void>;
      stop.abort(new Error("over"));
      await expect(never).rejects.toThrow("over");
      expect(set).toHaveBeenCalledTimes(3);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each(["{", "7", '{"key":"other"}', '{"key":"k","checkpoint":{"offset":-1}}'])(
    "does not begin anew where %s is kept",
    async (text) => {
      const read = async () =>
        await keyValueCheckpoints({ get: () => text, set: () => {} }).read("k");
      await expect(read()).rejects.toThrow(CheckpointError);
    },
  );

  it("refuses a store of another shape, and wrong options", () => {
    expect(() => keyValueCheckpoints({ get: () => {} } as never)).toThrow(
      "Cannot construct keyValueCheckpoints as 'store' must be an object with 'get' and 'set', one " +
        "with 'getItem' and 'setItem', or a Deno.Kv",
    );
    const map = new Map<string, string>();
    expect(() => keyValueCheckpoints(map, { interval: -1 })).toThrow("'interval' must be");
    expect(() => keyValueCheckpoints(map, { prefix: 5 } as never)).toThrow("'prefix' must be");
  });
});
