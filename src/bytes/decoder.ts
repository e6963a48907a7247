/** Decodes the compressed bytes of one input, chunk by chunk, with any number of members or frames. */
export interface Decoder {
  /** Passes a chunk, after `next` returned "hungry". */
  feed(chunk: Uint8Array): void;
  /** Signals that there are no more chunks, after `next` returned "hungry". */
  end(): void;
  /**
   * Returns the next decoded bytes; "hungry" if it needs a chunk for them, "done" after the last ones.
   * Rejects if the data is corrupt or truncated.
   */
  next(): Promise<Step>;
  /** Releases its resources. */
  cancel(): void;
}

/** Decoded bytes, the request for a chunk, or the end. */
export type Step = Uint8Array | "hungry" | "done";

/** Decodes one stream of a format that marks its own end. */
export interface Inflater extends Omit<Decoder, "end"> {
  /** Returns the fed bytes that follow the end of the stream, once `next` was "done". */
  rest(): Uint8Array;
}

/** Returns the error of truncated data. */
export function cutShort(): TypeError {
  return new TypeError("unexpected end of data");
}

/** Returns the error of bytes after the end of the compressed data. */
export function trailingData(): TypeError {
  return new TypeError("further bytes follow the end of the data");
}

/** Decodes an input that is one stream. */
export class OneStream implements Decoder {
  readonly #inflater: Inflater;
  #isDone = false;
  #isAtEnd = false;
  #hasMore = false;

  /** Wraps an unused inflater. */
  constructor(inflater: Inflater) {
    this.#inflater = inflater;
  }

  feed(chunk: Uint8Array): void {
    if (this.#isDone) this.#hasMore = true;
    else this.#inflater.feed(chunk);
  }

  end(): void {
    this.#isAtEnd = true;
    // Not every host reports a truncated stream. A stream that accepts another byte has not ended.
    if (!this.#isDone) this.#inflater.feed(new Uint8Array(1));
  }

  cancel(): void {
    this.#inflater.cancel();
  }

  async next(): Promise<Step> {
    if (this.#isDone) return this.#afterEnd();
    if (this.#isAtEnd) {
      const step = await this.#inflater.next().catch(() => "hungry");
      if (step === "done" && this.#inflater.rest().length === 1) return "done";
      throw cutShort();
    }
    const step = await this.#inflater.next();
    if (step !== "done") return step;
    this.#isDone = true;
    this.#hasMore = this.#inflater.rest().length > 0;
    return this.#afterEnd();
  }

  #afterEnd(): Step {
    if (this.#hasMore) throw trailingData();
    return this.#isAtEnd ? "done" : "hungry";
  }
}
