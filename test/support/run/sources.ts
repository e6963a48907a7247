import { chunks, type Source } from "../../../src/index.ts";
import { untilAborted, wait } from "./time.ts";

/** Every kind of source that waits for what it gives. */
export const asyncKinds = [
  "stream",
  "async",
  "generator",
  "chunks-stream",
  "chunks-async",
] as const;
/** Every kind of source that is made by hand. */
export const sourceKinds = [...asyncKinds, "sync", "chunks-sync"] as const;
/** A kind of source. */
export type SourceKind = typeof sourceKinds[number];

/** What a scripted source does. */
export interface SourceScript {
  kind: SourceKind;
  /** How many reads it answers; `Infinity` for ever. */
  reads: number;
  /** What comes after them. */
  end: "end" | "fail" | "never";
  /** Time before each answer in milliseconds; without it the answer is there at once. */
  delay?: number;
  /** Items in a chunk. */
  chunkSize?: number;
  /** Called at every point of the source where something may happen. */
  point?: () => void;
  /** What its cancellation does at last. */
  onCancel?: () => unknown;
}

/** A source of the numbers from 0 on, which counts what is done with it. */
export class ScriptedSource {
  /** What it fails with. */
  readonly failure = new Error("the source failed");
  /** What to return from `extract`. */
  readonly source: Source<number>;
  /** The stream within, where it is one. */
  stream: ReadableStream<unknown> | undefined;
  /** How often it was read. */
  reads = 0;
  /** Items that it has given. */
  given = 0;
  /** The reasons of its cancellations; an iterator is told none. */
  readonly cancelled: unknown[] = [];
  /** The signal that `extract` was given. */
  signal: AbortSignal | undefined;
  /** It came to its end, or failed. */
  isOver = false;
  readonly #script: SourceScript;

  constructor(script: SourceScript) {
    this.#script = script;
    const { kind } = script;
    if (kind === "stream") this.source = this.#makeStream(() => this.#item());
    else if (kind === "async") this.source = this.#makeAsync(() => this.#item());
    else if (kind === "generator") this.source = this.#generate();
    else if (kind === "sync") this.source = this.#makeSync(() => this.#item());
    else if (kind === "chunks-stream") this.source = chunks(this.#makeStream(() => this.#chunk()));
    else if (kind === "chunks-async") this.source = chunks(this.#makeAsync(() => this.#chunk()));
    else this.source = chunks(this.#makeSync(() => this.#chunk()));
  }

  #item(): number {
    return this.given++;
  }

  #chunk(): number[] {
    return Array.from({ length: this.#script.chunkSize ?? 3 }, () => this.#item());
  }

  /** What a read meets: an item, the end, an error, or nothing ever. */
  #next(): "item" | "end" | "never" {
    const { reads, end, point } = this.#script;
    point?.();
    if (this.reads++ < reads) return "item";
    if (end === "never") return "never";
    this.isOver = true;
    if (end === "fail") throw this.failure;
    return "end";
  }

  async #nextLater(): Promise<"item" | "end"> {
    const { delay, point } = this.#script;
    if (delay !== undefined) await wait(delay);
    const next = this.#next();
    if (next === "never") return await this.#never();
    if (delay !== undefined) await null;
    point?.();
    return next;
  }

  /** A generator can only be ended from within, by the signal that its pipeline is given. */
  #never(): Promise<never> {
    const isDeaf = this.#script.kind !== "generator" || this.signal === undefined;
    return isDeaf ? new Promise<never>(() => {}) : untilAborted(this.signal!);
  }

  #cancel(reason?: unknown): unknown {
    this.cancelled.push(reason);
    this.#script.point?.();
    return this.#script.onCancel?.();
  }

  #makeStream<C>(give: () => C): ReadableStream<C> {
    const stream = new ReadableStream<C>({
      pull: async (output) => {
        if (await this.#nextLater() === "end") return output.close();
        if (this.cancelled.length === 0) output.enqueue(give());
      },
      cancel: (reason) => this.#cancel(reason) as undefined,
    }, { highWaterMark: 0 });
    this.stream = stream;
    return stream;
  }

  #makeAsync<C>(give: () => C): AsyncIterable<C> {
    const next = async (): Promise<IteratorResult<C>> =>
      await this.#nextLater() === "end"
        ? { done: true, value: undefined }
        : { done: false, value: give() };
    const end = async (): Promise<IteratorResult<C>> => {
      await this.#cancel();
      return { done: true, value: undefined };
    };
    return { [Symbol.asyncIterator]: () => ({ next, return: end }) };
  }

  async *#generate(): AsyncGenerator<number> {
    try {
      while (await this.#nextLater() === "item") yield this.#item();
    } finally {
      if (!this.isOver) await this.#cancel();
    }
  }

  #makeSync<C>(give: () => C): Iterable<C> {
    const next = (): IteratorResult<C> =>
      this.#next() === "end" ? { done: true, value: undefined } : { done: false, value: give() };
    const end = (): IteratorResult<C> => {
      this.#cancel();
      return { done: true, value: undefined };
    };
    return { [Symbol.iterator]: () => ({ next, return: end }) };
  }
}
