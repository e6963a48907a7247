import { cutShort, type Decoder, type Inflater, type Step, trailingData } from "./decoder.ts";
import { joined } from "./joined.ts";

const nothing = new Uint8Array(0);

/**
 * Decodes zstd (RFC 8878), frame after frame. It finds the frames itself: a host may stop after the first
 * one, or not report that the last one is truncated.
 */
export class ZstdDecoder implements Decoder {
  readonly #inflater: Inflater;
  /** Bytes that were not passed on yet. */
  #input: Uint8Array = nothing;
  /** Part that follows the bytes still to be passed on. */
  #part: "frame" | "block" = "frame";
  #left = 0;
  #hasChecksum = false;
  /** True if the frame is a skippable one, which has no data. */
  #isSkippable = false;
  #isFirst = true;
  #isAtEnd = false;

  constructor(inflater: Inflater) {
    this.#inflater = inflater;
  }

  feed(chunk: Uint8Array): void {
    this.#input = this.#input.length === 0 ? chunk : joined([this.#input, chunk]);
  }

  end(): void {
    this.#isAtEnd = true;
  }

  cancel(): void {
    this.#inflater.cancel();
  }

  async next(): Promise<Step> {
    for (;;) {
      const step = await this.#inflater.next();
      if (step !== "hungry") return step;
      const end = this.#walk();
      if (end === 0) {
        if (!this.#isAtEnd) return "hungry";
        if (this.#isFirst || !this.#isBetweenFrames()) throw cutShort();
        return "done";
      }
      if (!this.#isSkippable) this.#inflater.feed(this.#input.subarray(0, end));
      this.#input = this.#input.subarray(end);
    }
  }

  #isBetweenFrames(): boolean {
    return this.#part === "frame" && this.#left === 0 && this.#input.length === 0;
  }

  /** Moves to the end of the frame, or as far as the input allows; returns that place. */
  #walk(): number {
    const input = this.#input;
    let at = 0;
    for (;;) {
      const passed = Math.min(this.#left, input.length - at);
      at += passed;
      this.#left -= passed;
      const isEndOfFrame = this.#part === "frame" && at > 0;
      if (this.#left > 0 || isEndOfFrame) return at;
      const length = this.#part === "frame" ? this.#readFrame() : this.#readBlock(at);
      if (length === 0) return at;
      at += length;
    }
  }

  /** Reads the header of a frame; returns its length, or 0 if it is not complete yet. */
  #readFrame(): number {
    const input = this.#input;
    if (input.length < (this.#isAtEnd ? 4 : 8)) return 0;
    const view = new DataView(input.buffer, input.byteOffset, input.length);
    const magic = view.getUint32(0, true);
    this.#isSkippable = (magic & 0xFFFFFFF0) >>> 0 === 0x184D2A50;
    if (!this.#isSkippable && magic !== 0xFD2FB528) {
      throw this.#isFirst ? new TypeError("unknown frame descriptor") : trailingData();
    }
    if (input.length < 8) return 0;
    this.#isFirst = false;
    if (this.#isSkippable) {
      this.#left = view.getUint32(4, true);
      return 8;
    }
    const flags = input[4]!;
    const hasWindow = (flags & 32) === 0;
    const contentSize = [hasWindow ? 0 : 1, 2, 4, 8][flags >> 6]!;
    this.#hasChecksum = (flags & 4) !== 0;
    this.#part = "block";
    this.#left = (hasWindow ? 1 : 0) + [0, 1, 2, 4][flags & 3]! + contentSize;
    return 5;
  }

  #readBlock(at: number): number {
    const [low, middle, high] = this.#input.subarray(at, at + 3);
    if (high === undefined) return 0;
    const header = low! | middle! << 8 | high << 16;
    const isRepeated = (header >> 1 & 3) === 1; // One byte stands for all of them.
    this.#left = isRepeated ? 1 : header >> 3;
    if ((header & 1) === 1) {
      this.#left += this.#hasChecksum ? 4 : 0;
      this.#part = "frame";
    }
    return 3;
  }
}
