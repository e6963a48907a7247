import { type ByteSource, type Input, InputList } from "./input.ts";

/** Makes records from the bytes of one input. */
export interface RecordParser<T> {
  /** Parses more bytes, and adds the records that they complete to `out`, even if it throws. */
  push(bytes: Uint8Array, out: T[]): void;
  /** Parses the rest at the end, in the same way. */
  end(out: T[]): void;
}

/** Options of `recordStream`. */
export interface RecordStreamOptions<T> {
  /** Completes "Cannot …", such as `read NDJSON`. */
  readonly action: string;
  /** Input to read. */
  readonly input: Input;
  /** Prepares the bytes of each input for the parser, for example by decompressing them. */
  readonly prepare?: (source: ByteSource) => ByteSource | Promise<ByteSource>;
  /** Makes the parser of one input. */
  readonly parserOf: (source: ByteSource) => RecordParser<T>;
}

/**
 * Yields the records of each input as arrays, one for each chunk of bytes. Nothing is read before it is
 * requested. When an input fails or a record is broken, the records before it are yielded first.
 * Cancelling cancels the input, even while a read is pending.
 *
 * @throws {ConfigurationError} If `input` cannot be read from, or is a stream that is already being read.
 */
export function recordStream<T>(options: RecordStreamOptions<T>): ReadableStream<T[]> {
  return streamOf(options, (records) => records);
}

/**
 * Yields the bytes of all inputs, one input after the other.
 *
 * @throws {ConfigurationError} If `input` cannot be read from, or is a stream that is already being read.
 */
export function byteStream(
  options: Omit<RecordStreamOptions<Uint8Array>, "parserOf">,
): ReadableStream<Uint8Array> {
  const parser: RecordParser<Uint8Array> = {
    push: (bytes, out) => void out.push(bytes),
    end: () => {},
  };
  return streamOf({ ...options, parserOf: () => parser }, ([bytes]) => bytes!);
}

function streamOf<T, R>(
  options: RecordStreamOptions<T>,
  chunkOf: (records: T[]) => R,
): ReadableStream<R> {
  const reading = new Reading(options);
  let failure: { readonly error: unknown } | undefined;
  const stream = new ReadableStream<R>({
    async pull(controller) {
      if (failure !== undefined) throw failure.error;
      const records: T[] = [];
      try {
        while (records.length === 0 && await reading.advance(records));
      } catch (error) {
        failure = { error };
        await reading.cancel(error).catch(() => {}); // The first failure is the one to tell.
        if (records.length === 0) throw error;
      }
      if (reading.isCancelled && failure === undefined) return;
      if (records.length > 0) controller.enqueue(chunkOf(records));
      else controller.close();
    },
    async cancel(reason) {
      await reading.cancel(reason);
    },
  }, { highWaterMark: 0 });
  const { inputs } = reading;
  return Object.defineProperties(stream, { // By which a run knows how far it is.
    bytesRead: { get: () => inputs.bytesRead },
    bytesSkipped: { get: () => inputs.bytesSkipped },
  });
}

/** State of the reading of a list of inputs. */
class Reading<T> {
  readonly #options: RecordStreamOptions<T>;
  readonly inputs: InputList;
  #source: ByteSource | undefined;
  #parser: RecordParser<T> | undefined;
  isCancelled = false;

  constructor(options: RecordStreamOptions<T>) {
    this.#options = options;
    this.inputs = new InputList(options.action, options.input);
  }

  /** Reads on; returns false if there is nothing more. */
  async advance(records: T[]): Promise<boolean> {
    if (this.isCancelled) return false;
    if (this.#source === undefined || this.#parser === undefined) {
      const source = await this.inputs.next();
      if (source === undefined || this.isCancelled) return false;
      this.#source = await this.#options.prepare?.(source) ?? source;
      this.#parser = this.#options.parserOf(this.#source);
      return true;
    }
    const bytes = await this.#source.read();
    if (this.isCancelled) return false;
    if (bytes !== undefined) this.#parser.push(bytes, records);
    else {
      const parser = this.#parser;
      this.#source = this.#parser = undefined;
      parser.end(records);
    }
    return true;
  }

  async cancel(reason: unknown): Promise<void> {
    this.isCancelled = true;
    await Promise.all([this.#source?.cancel(reason), this.inputs.cancel(reason)]);
  }
}
