import { isOutOfTurn, type NatsEntry, type NatsKv, type NatsWatch } from "./client.ts";

/** A key as it was seen last. */
export interface Seen<V> {
  /** Place of its last change in the stream of the bucket. */
  readonly revision: number;
  /**
   * Time at which it was stored, by the clock of the server, in milliseconds. `undefined` if this
   * process has stored it, and the server has not confirmed it yet.
   */
  readonly at: number | undefined;
  /** Its value; `undefined` if it was removed. */
  readonly value: V | undefined;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Copy of the keys that begin with `prefix`, in this process. It receives each change, and changes
 * them by compare-and-set, so that the server rejects a change that is based on an outdated copy.
 */
export class JobMirror<V> {
  readonly #kv: NatsKv;
  readonly #prefix: string;
  readonly #seen = new Map<string, Seen<V>>();
  readonly #onChange: (before: V | undefined, after: V | undefined) => void;
  #opened: Promise<void> | undefined;
  /** A moment by the clock of the server, and by the stopwatch of this process when it heard of it. */
  #clock = { server: 0, own: 0 };

  constructor(
    kv: NatsKv,
    prefix: string,
    onChange: (before: V | undefined, after: V | undefined) => void,
  ) {
    this.#kv = kv;
    this.#prefix = prefix;
    this.#onChange = onChange;
  }

  /** Settles once all is known that was stored before. */
  async open(): Promise<void> {
    this.#opened ??= this.#open().catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    await this.#opened;
  }

  /** All keys, in the order in which they were seen first. */
  get keys(): ReadonlyMap<string, Seen<V>> {
    return this.#seen;
  }

  /** Returns the known state of a key. */
  get(key: string): Seen<V> | undefined {
    return this.#seen.get(key);
  }

  /** The clock of the server: not later than it is there, and each change that is seen corrects it. */
  now(): number {
    return this.#clock.server + performance.now() - this.#clock.own;
  }

  /**
   * Stores a value in place of what is known of a key; `false` if something else is there, which is
   * known then.
   */
  async put(key: string, value: V): Promise<boolean> {
    const path = this.#prefix + key;
    try {
      const previousSeq = this.#seen.get(key)?.revision ?? 0;
      const bytes = encoder.encode(JSON.stringify(value));
      const revision = await this.#kv.put(path, bytes, { previousSeq });
      this.#see(key, { revision, at: undefined, value });
      return true;
    } catch (error) {
      if (!isOutOfTurn(error)) throw error;
      const entry = await this.#kv.get(path);
      if (entry !== null) this.#hear(entry);
      return false;
    }
  }

  async #open(): Promise<void> {
    // Tells the time of the server, and is there to be seen where nothing else is.
    await this.#kv.put(`${this.#prefix}clock`, encoder.encode("0"));
    const watch = await this.#kv.watch({ key: `${this.#prefix}>` });
    await new Promise<void>((resolve, reject) => {
      this.#follow(watch, resolve).then(
        () => reject(new Error("The bucket of the job has ended its watch")),
        reject,
      ).finally(() => this.#opened = undefined); // It is opened again where it is needed.
    });
  }

  async #follow(watch: NatsWatch, onAllSeen: () => void): Promise<void> {
    for await (const entry of watch) {
      this.#hear(entry);
      if (entry.isUpdate) onAllSeen();
    }
  }

  #hear({ key: path, revision, created, operation, value: bytes }: NatsEntry): void {
    const at = created.getTime();
    if (at > this.now()) this.#clock = { server: at, own: performance.now() };
    const key = path.slice(this.#prefix.length);
    if (key === "clock") return;
    const known = this.#seen.get(key);
    if (known !== undefined && known.revision > revision) return;
    const isOwn = known?.revision === revision;
    const parse = () => operation === "PUT" ? JSON.parse(decoder.decode(bytes)) as V : undefined;
    this.#see(key, { revision, at, value: isOwn ? known.value : parse() });
  }

  #see(key: string, seen: Seen<V>): void {
    const before = this.#seen.get(key);
    if (before !== undefined && before.revision > seen.revision) return;
    const isKnown = before?.revision === seen.revision;
    if (isKnown && seen.at === undefined) return; // It was heard of before the answer came.
    this.#seen.set(key, seen);
    if (!isKnown) this.#onChange(before?.value, seen.value);
  }
}
