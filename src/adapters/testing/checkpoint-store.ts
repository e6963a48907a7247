import type { Awaitable, Checkpoint, CheckpointStore } from "../../checkpoints/checkpoint.ts";
import { type DefineStoreTest, testClaims } from "./checkpoint-claims.ts";
import type { DefineTest } from "./define-test.ts";
import { expectSame } from "./expectations.ts";
import { newKey } from "./new-key.ts";

/** The store under test. */
export interface CheckpointStoreSuite<S extends CheckpointStore = CheckpointStore> {
  /** Creates a store for one test. It may already contain checkpoints: each test uses new keys. */
  create(): Awaitable<S>;
  /** Removes the store that `create` made, after the test, whatever its outcome. */
  destroy?(store: S): unknown;
  /**
   * If true, the store keeps out a second run of the same key.
   * @default {true}
   */
  claims?: boolean;
}

/**
 * Defines the tests that every `CheckpointStore` must pass, with the `it` of any framework.
 *
 * @example A store in memory
 * ```ts
 * import { MemoryCheckpointStore } from "millrace";
 * import { testCheckpointStore } from "millrace/testing";
 * import { ok } from "node:assert/strict";
 *
 * const tests: (() => void | Promise<void>)[] = [];
 * const it = (_name: string, test: () => void | Promise<void>) => tests.push(test); // Or vitest's.
 * testCheckpointStore(it, { create: () => new MemoryCheckpointStore() });
 * for (const test of tests) await test();
 * ok(tests.length > 10);
 * ```
 */
export function testCheckpointStore<S extends CheckpointStore>(
  it: DefineTest,
  suite: CheckpointStoreSuite<S>,
): void {
  const define: DefineStoreTest = (name, test) =>
    it(name, async () => {
      const store = await suite.create();
      try {
        await test(store);
      } finally {
        await suite.destroy?.(store);
      }
    });
  testKeeping(define);
  testKeys(define);
  if (suite.claims !== false) testClaims(define);
}

const checkpoints: readonly (readonly [name: string, checkpoint: Checkpoint])[] = [
  ["a checkpoint of nothing", { offset: 0, done: [], updatedAt: 0 }],
  ["a checkpoint", { offset: 7, done: [], updatedAt: 1_700_000_000_000 }],
  ["the largest place", { offset: Number.MAX_SAFE_INTEGER, done: [], updatedAt: 1 }],
  ["ranges", { offset: 1, done: [[3, 4], [6, 9]], updatedAt: 1 }],
  ["counts", {
    ...{ offset: 3, done: [[4, 6]], updatedAt: 1 },
    counts: { loaded: 3, skipped: 0, deadLettered: 2 },
    unmarked: { loaded: 0, skipped: 0, deadLettered: 1 },
  }],
  ["positions", {
    offset: 1,
    done: [[2, 4, "b"], [5, 6], [7, 9, { at: [1, null, "é\u{1F600}"], deep: { is: true } }]],
    position: { page: 3, cursor: "a'b\"c\\d" },
    updatedAt: 1,
  }],
  ["positions that look like none", {
    offset: 1,
    done: [[2, 3, 0], [4, 5, ""], [6, 7, false], [8, 9, null]],
    position: null,
    updatedAt: 1,
  }],
];

function testKeeping(define: DefineStoreTest): void {
  define("has nothing for an unknown key", async (store) => {
    expectSame("read", await store.read(newKey()), undefined);
  });

  for (const [name, checkpoint] of checkpoints) {
    define(`gives back ${name}`, async (store) => {
      const key = newKey();
      await store.write(key, checkpoint);
      expectSame("read", await store.read(key), checkpoint);
      expectSame("read again", await store.read(key), checkpoint);
    });
  }

  define("keeps what was written last, whole", async (store) => {
    const key = newKey();
    await store.write(key, { offset: 5, done: [[7, 9, "x"]], position: "p", updatedAt: 1 });
    await store.write(key, { offset: 2, done: [], updatedAt: 2 });
    expectSame("read", await store.read(key), { offset: 2, done: [], updatedAt: 2 });
  });

  define("keeps one of many that are written at once, whole", async (store) => {
    const key = newKey();
    const all = Array.from({ length: 50 }, (_, n): Checkpoint => ({
      ...{ offset: n, done: [[n + 1, n + 2, `range ${n}`]], position: `at ${n}`, updatedAt: n },
      runId: "one",
    }));
    if (store.claim) await store.claim(key, { runId: "one", until: 2000 }, 1000);
    await Promise.all(all.map(async (checkpoint) => await store.write(key, checkpoint)));
    const found = await store.read(key);
    expectSame("read", found, all[found?.offset ?? 0]);
  });
}

function testKeys(define: DefineStoreTest): void {
  define("keeps keys apart", async (store) => {
    const key = newKey();
    const long = "long".repeat(500);
    const endings = ["", ".", "..", "/", "/..", "../", "\\", " ", "%", "%2F", "_", "*", ":", "'"];
    const more = [...endings, "A", "a", "é", "e\u0301", "\u{1F600}", `${long}1`, `${long}2`];
    const keys = [...more.map((ending) => key + ending), `../${key}`, `/${key}`, `con.${key}`];
    await expectApart(store, ["", ".", "..", "/", "__proto__", "constructor", ...keys]);
  });

  define("keeps keys apart that not every encoding has, or refuses them", async (store) => {
    const key = newKey();
    const strange = ["\0", "\0a", "\ud800", "\udfff", "\ufffd"].map((ending) => key + ending);
    const kept: string[] = [];
    for (const each of strange) {
      try {
        await store.write(each, { offset: 0, done: [], updatedAt: 1 });
        kept.push(each);
      } catch {
        // Refused: nothing is mixed up.
      }
    }
    await expectApart(store, kept);
  });
}

async function expectApart(store: CheckpointStore, keys: readonly string[]): Promise<void> {
  const of = (offset: number): Checkpoint => ({ offset, done: [], updatedAt: 1 });
  for (const [offset, key] of keys.entries()) await store.write(key, of(offset));
  for (const [offset, key] of keys.entries()) {
    expectSame(`read of ${JSON.stringify(key)}`, await store.read(key), of(offset));
  }
}
