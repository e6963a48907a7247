/** A stream of items, each given when it is asked for; Chromium has no `ReadableStream.from`. */
export function streamOf<T>(items: Iterable<T>): ReadableStream<T> {
  const iterator = items[Symbol.iterator]();
  return new ReadableStream<T>({
    pull(output) {
      const { done, value } = iterator.next();
      if (done) output.close();
      else output.enqueue(value);
    },
  }, { highWaterMark: 0 });
}

/** A stream that the test feeds, which tells why it was cancelled. */
export class FedStream<T> {
  /** The stream to read. */
  readonly stream: ReadableStream<T>;
  /** The reasons of its cancellation: at most one. */
  readonly cancelled: unknown[] = [];
  /** How often it was asked for more. */
  pulls = 0;
  #output!: ReadableStreamDefaultController<T>;

  constructor(onPull: (output: ReadableStreamDefaultController<T>) => void = () => {}) {
    this.stream = new ReadableStream<T>({
      start: (output) => void (this.#output = output),
      pull: (output) => {
        this.pulls++;
        onPull(output);
      },
      cancel: (reason) => void this.cancelled.push(reason),
    }, { highWaterMark: 0 });
  }

  /** Gives items. */
  give(...items: T[]): void {
    for (const item of items) this.#output.enqueue(item);
  }

  /** Ends the stream. */
  close(): void {
    this.#output.close();
  }

  /** Lets the stream fail. */
  fail(error: unknown): void {
    this.#output.error(error);
  }
}

/** All chunks of a stream, and the error it ended with. */
export async function readAll<T>(
  stream: ReadableStream<T>,
): Promise<{ chunks: T[]; error?: unknown }> {
  const reader = stream.getReader();
  const chunks: T[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { chunks };
      chunks.push(value);
    }
  } catch (error) {
    return { chunks, error };
  }
}
