import { type Positioned, positioned } from "../../bytes/reader-options.ts";
import { RecordError } from "../../bytes/record-error.ts";
import { messageOf } from "../../errors.ts";
import type { LineCount } from "./line-count.ts";

/** Options of a `RecordBatch`. */
export interface RecordBatchOptions {
  /** The name of the input. */
  readonly name: string;
  /** The name that positions carry. */
  readonly label: string | undefined;
  readonly positions: boolean;
  /** Makes the item that replaces a malformed record. Without it, a malformed record is an error. */
  readonly malformed: ((raw: string, error: unknown) => never) | undefined;
}

/** Place of a record. */
interface RecordPlace {
  readonly line: number;
  readonly byte: number;
  readonly end: number;
}

/** Parses the records of a chunk together, if they are neighbours in an array. */
export class RecordBatch<T> {
  readonly #options: RecordBatchOptions;
  readonly #lines: LineCount;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #bytes: Uint8Array = new Uint8Array(0);
  /** The offset of the chunk in the input. */
  #base = 0;
  /** The first byte of each record, and the one after it. */
  #places: number[] = [];
  out: (T | Positioned<T>)[] = [];

  constructor(options: RecordBatchOptions, lines: LineCount) {
    this.#options = options;
    this.#lines = lines;
  }

  /** Moves on to a chunk, whose records are added to `out`. */
  begin(bytes: Uint8Array, base: number, out: (T | Positioned<T>)[]): void {
    this.#bytes = bytes;
    this.#base = base;
    this.out = out;
  }

  /** Adds a record of the chunk that follows the previous one as the next element of its array. */
  add(start: number, end: number): void {
    this.#places.push(start, end);
  }

  /** Parses the records added so far. The next record is not their neighbour. */
  flush(): void {
    const places = this.#places;
    if (places.length === 0) return;
    this.#places = [];
    const values = places.length > 2 ? this.#parsedTogether(places) : undefined;
    for (let index = 0; index < places.length; index += 2) {
      const [start, end] = [places[index]!, places[index + 1]!];
      if (values === undefined) {
        this.parse(this.#bytes.subarray(start, end), this.#placeOf(start, end));
      } else this.#give(values[index / 2] as T, start, end);
    }
  }

  /** Parses one record. */
  parse(bytes: Uint8Array, place: RecordPlace): void {
    let value: T;
    try {
      value = JSON.parse(this.#decoder.decode(bytes)) as T;
    } catch (cause) {
      this.refuse(`record as JSON: ${messageOf(cause)}`, bytes, place, cause);
      return;
    }
    const { positions, label } = this.#options;
    this.out.push(positions ? positioned(value, place.line, place.end, label) : value);
  }

  /** Adds a record that cannot be read as malformed, or throws its error. */
  refuse(
    reason: string,
    bytes: Uint8Array,
    { line, byte }: Omit<RecordPlace, "end">,
    cause?: unknown,
  ): void {
    const { name, malformed } = this.#options;
    const text = new TextDecoder().decode(bytes);
    const error = new RecordError(reason, { name, line, byte }, { cause, text });
    if (malformed === undefined) throw error;
    this.out.push(malformed(text, error));
  }

  /**
   * Parses several records in one call, which is faster. The result is the same: only white space and one
   * comma separate two records. So if the whole is JSON with that many elements, each record is JSON.
   */
  #parsedTogether(places: readonly number[]): readonly unknown[] | undefined {
    try {
      const text = this.#decoder.decode(this.#bytes.subarray(places[0], places.at(-1)));
      const values: unknown[] = JSON.parse(`[${text}]`);
      return values.length * 2 === places.length ? values : undefined;
    } catch {
      return undefined; // One of them is broken: each is parsed by itself.
    }
  }

  #give(value: T, start: number, end: number): void {
    const { positions, label } = this.#options;
    if (!positions) this.out.push(value);
    else this.out.push(positioned(value, this.#lines.lineAt(start), this.#base + end, label));
  }

  #placeOf(start: number, end: number): RecordPlace {
    return { line: this.#lines.lineAt(start), byte: this.#base + start, end: this.#base + end };
  }
}
