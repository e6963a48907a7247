import { CheckpointError } from "../errors.ts";
import { checkOptions, fail, nonNegative, type OptionTable, type Rule } from "../options.ts";
import { sleep } from "../runtime/deadline.ts";
import {
  type Awaitable,
  checkCheckpoint,
  type Checkpoint,
  type CheckpointStore,
  type Claim,
  encodeCheckpoint,
} from "./checkpoint.ts";
import { planWrite, type WritePlan } from "./plan-commit.ts";

/** A store of texts by key. */
export interface KeyValueStore {
  /** Returns the text of a key; `undefined` or `null` if there is none. */
  get(key: string): Awaitable<unknown>;
  /** Stores the text of a key. */
  set(key: string, text: string): unknown;
  /**
   * Stores the text of a key if it still has the text that was read, or none if that is `undefined`.
   * Returns true if it was stored. This is one atomic step.
   */
  replace?(key: string, text: string, read: string | undefined): Awaitable<boolean>;
}

/** A store of items by key: `unstorage`, or `localStorage`. */
export interface ItemStore {
  /** Returns the item of a key: the text, or its parsed JSON. */
  getItem(key: string): unknown;
  /** Stores the text of a key. */
  setItem(key: string, text: string): unknown;
}

/** The required subset of `Deno.Kv`. */
export interface DenoKeyValueStore {
  /** Returns the value of a key, and a version stamp that shows later changes. */
  get(key: string[]): Promise<{ readonly value: unknown; readonly versionstamp: string | null }>;
  /** Stores a value. */
  set(key: string[], value: unknown): Promise<unknown>;
  /** Begins an atomic operation. */
  atomic(): DenoAtomicOperation;
}

/** An atomic operation of `Deno.Kv`. */
export interface DenoAtomicOperation {
  /** Makes the operation fail if a key has changed. */
  check(entry: { readonly key: string[]; readonly versionstamp: string | null }): this;
  /** Stores a value. */
  set(key: string[], value: unknown): this;
  /** Executes the whole operation, or nothing. */
  commit(): Promise<{ readonly ok: boolean }>;
}

/** Options of checkpoints in a key-value store. */
export interface KeyValueOptions {
  /**
   * Prefix of the keys; the rest is a hash of the key of the run, as stores limit the length.
   *
   * @default {"millrace/"}
   */
  readonly prefix?: string | undefined;
  /**
   * Least time between two writes of a key, in milliseconds. Changes meanwhile are combined into one
   * write. The last state of a run is always written: the end of the run waits for it.
   *
   * @default {0}
   */
  readonly interval?: number | undefined;
}

const action = "construct keyValueCheckpoints";
const text: Rule = { expected: "a string", test: (value) => typeof value === "string" };
const optionTable: OptionTable<KeyValueOptions> = {
  prefix: [text, "millrace/"],
  interval: [nonNegative, 0],
};
const expected = "an object with 'get' and 'set', one with 'getItem' and 'setItem', or a Deno.Kv";

/**
 * Keeps checkpoints in any key-value store, each as one JSON text. If the store can `replace` a text
 * only if nobody has changed it, as `Deno.Kv` can, runs of one key keep each other out. With any other
 * store, two runs at the same time are not detected.
 *
 * Rows and checkpoint are never one commit here, so after a crash between the two, items are loaded again.
 *
 * @throws {ConfigurationError} If the store has no known shape, or an option breaks its rule.
 *
 * @example A map as the store
 * ```ts
 * import { etl } from "millrace";
 * import { keyValueCheckpoints } from "millrace/checkpoint";
 * import { equal } from "node:assert/strict";
 *
 * const checkpoints = keyValueCheckpoints(new Map<string, string>());
 * const numbers = etl({ name: "numbers", extract: () => [1, 2, 3], load: () => {} });
 * equal((await numbers.run({ checkpoints })).loaded, 3);
 * equal((await numbers.run({ checkpoints })).loaded, 0);
 * ```
 */
export function keyValueCheckpoints(
  store: KeyValueStore | ItemStore | DenoKeyValueStore,
  options: KeyValueOptions = {},
): CheckpointStore {
  const settings = checkOptions(action, options, optionTable);
  const own = storeOf(store);
  if (own === undefined) fail(action, "store", expected, store);
  const entries = new Entries(own, settings);
  return own.replace === undefined ? entries : new ClaimedEntries(own, settings);
}

/** Returns a store of texts by key, whatever the shape of the given store. */
function storeOf(store: unknown): KeyValueStore | undefined {
  const { get, set, getItem, setItem, atomic } = Object(store) as Record<string, unknown>;
  const are = (...methods: unknown[]) => methods.every((method) => typeof method === "function");
  if (are(get, set, atomic)) return ofDeno(store as DenoKeyValueStore);
  if (are(getItem, setItem)) {
    const items = store as ItemStore;
    return { get: (key) => items.getItem(key), set: (key, text) => items.setItem(key, text) };
  }
  return are(get, set) ? store as KeyValueStore : undefined;
}

function ofDeno(kv: DenoKeyValueStore): KeyValueStore {
  return {
    get: async (key) => (await kv.get([key])).value,
    set: (key, text) => kv.set([key], text),
    replace: async (key, text, read) => {
      const { value, versionstamp } = await kv.get([key]);
      if ((value ?? undefined) !== read) return false;
      const change = kv.atomic().check({ key: [key], versionstamp }).set([key], text);
      return (await change.commit()).ok;
    },
  };
}

/** Entry of a key. It contains the key, as a hash cannot be reversed. */
interface Entry {
  readonly key: string;
  readonly checkpoint?: Checkpoint | undefined;
  /** Claim on the key. An infinite time is `null`. */
  readonly claim?: {
    readonly runId: string;
    readonly until: number | null;
    readonly lease?: number | null;
  } | undefined;
}

/** Checkpoints in a store that only reads and writes texts. */
class Entries implements CheckpointStore {
  protected readonly store: KeyValueStore;
  readonly #prefix: string;
  readonly #interval: number;
  readonly #nextAt = new Map<string, number>(); // Time at which each key may be written again.

  constructor(store: KeyValueStore, { prefix, interval }: Given) {
    this.store = store;
    this.#prefix = prefix;
    this.#interval = interval;
  }

  async read(key: string): Promise<Checkpoint | undefined> {
    return (await this.entry(key)).entry?.checkpoint;
  }

  async write(key: string, checkpoint: Checkpoint, signal?: AbortSignal): Promise<void> {
    const text = textOf({ key, checkpoint });
    await this.turn(key, signal);
    await this.store.set(await this.place(key), text);
  }

  /** Waits until a key may be written. */
  protected async turn(key: string, signal: AbortSignal | undefined): Promise<void> {
    if (this.#interval === 0) return;
    const delay = (this.#nextAt.get(key) ?? 0) - performance.now();
    if (delay > 0) await sleep(delay, signal);
    signal?.throwIfAborted();
    this.#nextAt.set(key, performance.now() + this.#interval);
  }

  /** Reads the entry of a key, with its text. */
  protected async entry(
    key: string,
  ): Promise<{ readonly entry: Entry | undefined; readonly text: string | undefined }> {
    const value = await this.store.get(await this.place(key));
    if (value === undefined || value === null) return { entry: undefined, text: undefined };
    return { entry: entryIn(key, value), text: value as string };
  }

  /** Returns the key of the store for a key. */
  protected async place(key: string): Promise<string> {
    const bytes = new TextEncoder().encode(JSON.stringify(key)); // It escapes lone surrogates.
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return this.#prefix + Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}

type Given = { readonly prefix: string; readonly interval: number };

/** Checkpoints in a store that replaces a text only if nobody has changed it. */
class ClaimedEntries extends Entries implements Required<CheckpointStore> {
  override async write(key: string, checkpoint: Checkpoint, signal?: AbortSignal): Promise<void> {
    encodeCheckpoint(checkpoint); // Rejects it before calling the store.
    await this.turn(key, signal);
    await this.#change(key, (entry) => {
      const kept = { owner: entry?.claim?.runId, stored: () => entry?.checkpoint };
      const { next }: WritePlan = planWrite(key, checkpoint, kept);
      return { key, claim: entry?.claim, checkpoint: next };
    });
  }

  async claim(key: string, { runId, until, lease }: Claim, now: number): Promise<Claim> {
    const own = {
      runId,
      until: numberOf(until),
      ...(lease !== undefined && { lease: numberOf(lease) }),
    };
    const entry = await this.#change(key, (entry) => {
      const held = claimIn(entry);
      const isFree = held === undefined || held.runId === runId || held.until <= now;
      return isFree ? { key, checkpoint: entry?.checkpoint, claim: own } : undefined;
    });
    return claimIn(entry)!;
  }

  async release(key: string, runId: string): Promise<void> {
    await this.#change(key, (entry) => {
      return entry?.claim?.runId === runId ? { key, checkpoint: entry.checkpoint } : undefined;
    });
  }

  /** Changes the entry of a key, based on the current one; returns the resulting one. */
  async #change(
    key: string,
    plan: (entry: Entry | undefined) => Entry | undefined,
  ): Promise<Entry | undefined> {
    const place = await this.place(key);
    for (;;) { // Each failure means that another writer has made progress.
      const { entry, text } = await this.entry(key);
      const next = plan(entry);
      if (next === undefined) return entry;
      if (await this.store.replace!(place, textOf(next), text)) return next;
    }
  }
}

function textOf({ key, checkpoint, claim }: Entry): string {
  const kept = checkpoint && JSON.parse(encodeCheckpoint(checkpoint)) as unknown; // For its check.
  return JSON.stringify({ key, checkpoint: kept, claim });
}

function entryIn(key: string, value: unknown): Entry {
  let entry = value;
  if (typeof value === "string") {
    try {
      entry = JSON.parse(value);
    } catch (cause) {
      throw new CheckpointError(key, "it is not JSON", { cause });
    }
  }
  const found = Object(entry) as Partial<Entry>;
  if (found.key !== key) throw new CheckpointError(key, "what is kept for it is not of this key");
  if (found.checkpoint !== undefined) checkCheckpoint(key, found.checkpoint);
  return found as Entry;
}

function claimIn(entry: Entry | undefined): Claim | undefined {
  if (entry?.claim === undefined) return undefined;
  const { runId, until, lease } = entry.claim;
  return {
    runId,
    until: until ?? Infinity,
    ...(lease !== undefined && { lease: lease ?? Infinity }),
  };
}

/** Returns a number that JSON can represent. */
function numberOf(time: number): number | null {
  return Number.isFinite(time) ? time : null;
}
