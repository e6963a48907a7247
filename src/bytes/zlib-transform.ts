import { hostProcess } from "../runtime/detect.ts";
import type { Inflater, Step } from "./decoder.ts";

/** The members of a stream of `node:zlib` that are used. */
export interface ZlibStream {
  readonly bytesWritten: number;
  write(chunk: Uint8Array, callback: () => void): unknown;
  read(): Uint8Array<ArrayBuffer> | null;
  end(): unknown;
  destroy(): unknown;
  on(event: "readable" | "end", listener: () => void): unknown;
  on(event: "error", listener: (error: unknown) => void): unknown;
}

/** The subset of `node:zlib` that the host has. */
export type Zlib = Readonly<Record<string, ((...args: unknown[]) => unknown) | undefined>>;

/** Returns `node:zlib`; `undefined` if the host does not have it. */
export function zlibOf(): Zlib | undefined {
  return hostProcess()?.getBuiltinModule?.("node:zlib") as Zlib | undefined;
}

/** Runs a stream of `node:zlib`: one that decodes, or one that compresses. */
export class ZlibTransform implements Inflater {
  readonly #stream: ZlibStream;
  /** The last chunk passed to the stream, and the total length of the earlier ones. */
  #chunk: Uint8Array = new Uint8Array(0);
  #before = 0;
  #isWriting = false;
  #hasEnded = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => {};

  /** Wraps an unused stream. */
  constructor(stream: ZlibStream) {
    this.#stream = stream;
    stream.on("readable", () => this.#wake());
    stream.on("end", () => {
      this.#hasEnded = true;
      this.#wake();
    });
    stream.on("error", (error) => {
      this.#failure ??= { error };
      this.#wake();
    });
  }

  feed(chunk: Uint8Array): void {
    this.#before += this.#chunk.length;
    this.#chunk = chunk;
    this.#isWriting = true;
    this.#stream.write(chunk, () => {
      this.#isWriting = false;
      this.#wake();
    });
  }

  /** Ends the compressed data. */
  finish(): void {
    this.#isWriting = true;
    this.#stream.end();
  }

  cancel(): void {
    this.#stream.destroy();
  }

  rest(): Uint8Array {
    return this.#chunk.subarray(this.#stream.bytesWritten - this.#before);
  }

  async next(): Promise<Step> {
    for (;;) {
      const woken = new Promise<void>((resolve) => this.#wake = resolve);
      const output = this.#stream.read();
      if (output !== null) return output;
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#hasEnded) return "done";
      if (!this.#isWriting) return this.rest().length > 0 ? "done" : "hungry";
      await woken;
    }
  }
}
