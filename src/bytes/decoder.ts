/** Decodes the compressed bytes of one input, chunk by chunk, however many members or frames they are. */
export interface Decoder {
  /** Gives it a chunk, once `next` was "hungry". */
  feed(chunk: Uint8Array): void;
  /** Tells it that there is no further chunk, once `next` was "hungry". */
  end(): void;
  /**
   * The next decoded bytes; "hungry" if it needs a chunk for them, "done" after the last ones. Rejects
   * where the data is corrupt or cut.
   */
  next(): Promise<Step>;
  /** Lets go of what it holds. */
  cancel(): void;
}

/** Decoded bytes, the wish for a chunk, or the end. */
export type Step = Uint8Array | "hungry" | "done";

/** Decodes one stream of a format, which knows its own end. */
export interface Inflater extends Omit<Decoder, "end"> {
  /** Returns the fed bytes that follow the end of the stream, once `next` was "done". */
  rest(): Uint8Array;
}

/** The error of data that ends before its own end. */
export function cutShort(): TypeError {
  return new TypeError("unexpected end of data");
}

/** The error of bytes that follow the end of the compressed data. */
export function trailingData(): TypeError {
  return new TypeError("further bytes follow the end of the data");
}

/** Decodes an input that is one stream. */
export class OneStream implements Decoder {
  readonly #inflater: Inflater;
  #isDone = false;
  #isAtEnd = false;
  #hasMore = false;

  /** Reads by an inflater that was fed nothing yet. */
  constructor(inflater: Inflater) {
    this.#inflater = inflater;
  }

  feed(chunk: Uint8Array): void {
    if (this.#isDone) this.#hasMore = true;
    else this.#inflater.feed(chunk);
  }

  end(): void {
    this.#isAtEnd = true;
    // Not every host says that a stream is cut. One that takes a further byte has not ended.
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
