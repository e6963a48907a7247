import type { Decoder, Step } from "./decoder.ts";

/** Maximum number of bytes to write at once: a chunk is decoded completely before any of it is read. */
const maxChunk = 16_384;

/**
 * Decodes with the platform's `DecompressionStream`, which reads one stream and rejects any bytes after
 * it.
 */
export class WebDecoder implements Decoder {
  readonly #writer: WritableStreamDefaultWriter<unknown>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #reading: Promise<Step | undefined> | undefined;
  #writing: Promise<undefined> | undefined;
  #isAtEnd = false;

  /** Wraps an unused pair of streams. */
  constructor({ readable, writable }: ReadableWritablePair<Uint8Array, unknown>) {
    this.#writer = writable.getWriter();
    this.#reader = readable.getReader();
    this.#writer.closed.catch(() => {}); // What it fails with, reading fails with.
  }

  feed(chunk: Uint8Array): void {
    this.#chunk = chunk;
  }

  end(): void {
    this.#isAtEnd = true;
    this.#writing = this.#settled(this.#writer.close());
  }

  cancel(): void {
    this.#reader.cancel().catch(() => {}); // Nobody waits for it.
  }

  async next(): Promise<Step> {
    for (;;) {
      this.#reading ??= this.#reader.read().then(({ done, value }) => done ? "done" : value);
      if (this.#writing === undefined && this.#chunk.length > 0) {
        const part = this.#chunk.slice(0, maxChunk);
        this.#chunk = this.#chunk.subarray(maxChunk);
        this.#writing = this.#settled(this.#writer.write(part));
      }
      if (this.#writing === undefined && !this.#isAtEnd) return "hungry";
      const step = await Promise.race(
        this.#writing === undefined ? [this.#reading] : [this.#reading, this.#writing],
      );
      if (step === undefined) this.#writing = undefined;
      else {
        this.#reading = undefined;
        return step;
      }
    }
  }

  /** Settles when a write does; the reading side reports its error. */
  #settled(writing: Promise<void>): Promise<undefined> {
    return writing.then(() => undefined, () => new Promise(() => {}));
  }
}
