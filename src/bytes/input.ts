import { inWords } from "../plain-options.ts";
import { type Feed, feedOf, isBytes } from "./feed.ts";

/** Bytes or text: the chunks of a stream or an iterable that is read. */
export type ByteChunk = Uint8Array | string;

/**
 * One input to read. Text is read as its UTF-8 bytes. A plain `string` is rejected, as it could be meant
 * as a file path; pass a text as `[text]`.
 */
export type ByteInput =
  | Blob
  | Response
  | Request
  | Uint8Array
  | ReadableStream<ByteChunk>
  | AsyncIterable<ByteChunk>
  | Iterable<ByteChunk>;

/** Place to start reading in a file whose earlier bytes have already been read. */
export interface InputStart {
  /** The offset of the first byte to read, from 0: the `end` of the last record that was read. */
  readonly byte: number;
  /** The number of the line that begins there, from 1. */
  readonly line: number;
}

/** An input with a name for errors and positions. */
export interface NamedInput {
  /** The name, such as a path. */
  readonly name: string;
  /** Bytes to read, or a function that opens them when their turn comes. */
  readonly content: ByteInput | (() => ByteInput | PromiseLike<ByteInput>);
  /** Place in the file at which `content` begins. @default {{ byte: 0, line: 1 }} */
  readonly from?: InputStart | undefined;
  /**
   * The total size in bytes of the whole files before this input that an earlier run has read. It counts
   * towards the progress of a run. @default {0}
   */
  readonly bytesBefore?: number | undefined;
}

/**
 * Input of a reader: one input, or a list of them. A list is read in order: each input is opened when the
 * previous one has ended.
 */
export type Input =
  | ByteInput
  | NamedInput
  | Iterable<ByteInput | NamedInput>
  | AsyncIterable<ByteInput | NamedInput>;

/** One input while it is being read. */
export interface ByteSource {
  /** Its name, `""` if it has none. */
  readonly name: string;
  /** Its name, if the input is in a list and has one. The positions of its records carry it. */
  readonly label?: string | undefined;
  /** Place of the first byte in the file. */
  readonly from: InputStart;
  /** True if it yielded text, which is UTF-8 whatever the encoding of the rest is. */
  readonly isText: boolean;
  /** Reads the next bytes, at least one. Returns `undefined` at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** Cancels the source, even while a read is pending. */
  cancel(reason: unknown): Promise<void>;
}

const beginning: InputStart = { byte: 0, line: 1 };

/** Opens the inputs of a list one after the other. */
export class InputList {
  readonly #action: string;
  readonly #isList: boolean;
  readonly #outer: Feed;
  #inner: Feed | undefined;
  #count = 0;
  #cancelled: { readonly reason: unknown } | undefined;
  /** Number of bytes read so far, before they are decompressed. */
  bytesRead = 0;
  /** Number of bytes before the input that were not read, whole files included. */
  bytesSkipped = 0;

  /**
   * Accepts an input without reading from it.
   *
   * @throws {ConfigurationError} If it cannot be read from, or is a stream that is already being read.
   */
  constructor(action: string, input: unknown) {
    this.#action = action;
    this.#isList = !isNamed(input);
    this.#outer = feedOf(action, isNamed(input) ? [input] : input);
  }

  /** Opens the next input. Returns `undefined` after the last one. */
  async next(): Promise<ByteSource | undefined> {
    const outer = this.#outer;
    const { done, value } = await outer.next();
    const isFirst = this.#count++ === 0;
    if (isFirst && (done ? !outer.isArray : isChunk(value))) {
      return new FeedSource(outer, { name: outer.name, from: beginning }, value, this);
    }
    if (done) return undefined;
    if (isNamed(value)) {
      const { content, name, from, bytesBefore = 0 } = value;
      this.bytesSkipped += bytesBefore;
      const opened: unknown = typeof content === "function" ? await content() : content;
      return await this.#open(opened, name, from);
    }
    return await this.#open(value);
  }

  /** Cancels the open input, and those that were not opened yet. */
  async cancel(reason: unknown): Promise<void> {
    this.#cancelled = { reason };
    await Promise.all([this.#inner?.cancel(reason), this.#cancelOuter(reason)]);
  }

  /** Cancels streams in an array, which nothing else would end. */
  async #cancelOuter(reason: unknown): Promise<void> {
    while (this.#outer.isArray) {
      const { done, value } = await this.#outer.next();
      if (done) break;
      const content: unknown = isNamed(value) ? value.content : value;
      if (typeof content !== "function") await feedOf(this.#action, content).cancel(reason);
    }
    await this.#outer.cancel(reason);
  }

  async #open(
    content: unknown,
    name?: string,
    from: InputStart = beginning,
  ): Promise<ByteSource> {
    const feed = feedOf(this.#action, content);
    this.#inner = feed;
    if (this.#cancelled !== undefined) await feed.cancel(this.#cancelled.reason);
    const { value } = await feed.next();
    this.bytesSkipped += from.byte;
    const label = this.#isList && (name ?? feed.name) || undefined;
    const place = { name: name ?? (feed.name || `input ${this.#count}`), label, from };
    return new FeedSource(feed, place, value, this);
  }
}

/** The maximum length of a piece, so that the arrays of records stay small. */
const maxPiece = 262_144;

/** The bytes of a feed whose first chunk was already read. */
class FeedSource implements ByteSource {
  readonly name: string;
  readonly label: string | undefined;
  readonly from: InputStart;
  readonly isText: boolean;
  readonly #feed: Feed;
  readonly #list: { bytesRead: number };
  #next: unknown;
  #text = "";
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(
    feed: Feed,
    { name, label, from }: Pick<ByteSource, "name" | "label"> & { readonly from: InputStart },
    first: unknown,
    list: { bytesRead: number },
  ) {
    this.name = name;
    this.label = label;
    this.from = from;
    this.isText = typeof first === "string";
    this.#feed = feed;
    this.#next = first;
    this.#list = list;
  }

  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const piece = this.#piece();
      this.#list.bytesRead += piece.length;
      if (piece.length > 0) return piece;
      const chunk = this.#next ?? (await this.#feed.next()).value;
      this.#next = undefined;
      if (chunk === undefined) return this.#lastPiece();
      this.#take(chunk);
    }
  }

  async cancel(reason: unknown): Promise<void> {
    await this.#feed.cancel(reason);
  }

  #take(chunk: unknown): void {
    if (!isChunk(chunk) || (typeof chunk === "string") !== this.isText) {
      const expected = this.isText ? "text, as its first chunk was" : "bytes or text";
      throw new TypeError(`The input must give ${expected}: current value is ${inWords(chunk)}`);
    }
    if (typeof chunk === "string") this.#text += chunk;
    else this.#bytes = chunk;
  }

  /** Returns a part of the bytes that were read but not returned yet; empty if there are none. */
  #piece(): Uint8Array {
    if (this.#text === "") {
      const piece = this.#bytes.subarray(0, maxPiece);
      this.#bytes = this.#bytes.subarray(maxPiece);
      return piece;
    }
    let end = Math.min(this.#text.length, maxPiece);
    if (isHighSurrogate(this.#text.charCodeAt(end - 1))) end--; // Its other half is still to come.
    const piece = new TextEncoder().encode(this.#text.slice(0, end));
    this.#text = this.#text.slice(end);
    return piece;
  }

  /** Returns an incomplete character at the end of the input. */
  #lastPiece(): Uint8Array | undefined {
    if (this.#text === "") return undefined;
    const piece = new TextEncoder().encode(this.#text);
    this.#text = "";
    return piece;
  }
}

function isNamed(value: unknown): value is NamedInput {
  return typeof value === "object" && value !== null && "content" in value && "name" in value;
}

function isChunk(value: unknown): value is ByteChunk {
  return typeof value === "string" || isBytes(value);
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xD800 && code <= 0xDBFF;
}
