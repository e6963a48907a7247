import type { FoundObject, ListedObject, ObjectStore } from "../../../src/adapters/object.ts";

/** Objects in memory: a store of one's own, as anybody may write one. */
export class MemoryStore implements ObjectStore {
  readonly objects = new Map<string, Uint8Array>();
  /** What was called, as `put a/b`. */
  readonly calls: string[] = [];
  /** Is called before each call, and may throw, or wait. */
  before: (call: string) => unknown = () => {};
  /** Is called after each put that was done. */
  after: (call: string) => unknown = () => {};

  async put(key: string, bytes: Uint8Array, options: { ifAbsent?: boolean | undefined } = {}) {
    await this.#enter(`put ${key}`);
    if (options.ifAbsent && this.objects.has(key)) return false;
    this.objects.set(key, bytes.slice());
    await this.after(`put ${key}`);
    return true;
  }

  async get(key: string, { from = 0 } = {}): Promise<FoundObject | undefined> {
    await this.#enter(`get ${key}`);
    const bytes = this.objects.get(key);
    if (bytes === undefined) return undefined;
    const body = new Blob([bytes.slice(from)]).stream();
    return { etag: `${bytes.length}`, size: bytes.length, body };
  }

  async *list(prefix: string): AsyncIterable<ListedObject> {
    await this.#enter(`list ${prefix}`);
    for (const [key, { length }] of [...this.objects]) {
      if (key.startsWith(prefix)) yield { key, size: length };
    }
  }

  async delete(key: string) {
    await this.#enter(`delete ${key}`);
    this.objects.delete(key);
  }

  /** The text of an object. */
  textOf(key: string): string {
    return new TextDecoder().decode(this.objects.get(key));
  }

  async #enter(call: string): Promise<void> {
    this.calls.push(call);
    await this.before(call);
  }
}
