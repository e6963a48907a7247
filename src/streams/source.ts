import { isOf } from "../errors.ts";
import { fail } from "../options.ts";
import { isBun } from "../runtime/detect.ts";
import { Chunks } from "./chunks.ts";

/**
 * Origin of items: a stream, an async or sync iterable, or any of these with arrays of items, marked by
 * `chunks`. Without that mark, an array that a source yields is one item. A string is rejected, as it
 * would be read letter by letter. Ending the reading early cancels the source, even while a read is
 * pending. A stream then ends at once; an async generator that is awaiting something ends only once
 * that settles or respects the signal.
 */
export type Source<T> = ReadableStream<T> | AsyncIterable<T> | Iterable<T> | Chunks<T>;

/** An opened source: the object that reads it and stops it. */
export type OpenSource =
  | AsyncSource
  | { readonly kind: "sync"; readonly iterator: Iterator<unknown> }
  | { readonly kind: "array"; readonly items: readonly unknown[] };

/** A source whose items must be awaited. */
export type AsyncSource =
  | { readonly kind: "stream"; readonly reader: ReadableStreamDefaultReader<unknown> }
  | { readonly kind: "async"; readonly iterator: AsyncIterator<unknown> };

/** Result of a reader or an iterator. */
export interface Answer {
  readonly done?: boolean | undefined;
  readonly value?: unknown;
}

/** Words of a message about a source: the reader, the option, and the function that returned it. */
export type SourceUse = readonly [action: string, name: string, giving?: string];

/**
 * Locks a stream, or starts an iterator.
 *
 * @throws {ConfigurationError} If it is not a source, or is a stream with another reader.
 */
export function openSource(
  [action, name, giving = ""]: SourceUse,
  source: unknown,
): OpenSource {
  const inner: unknown = isOf(source, Chunks) ? source.source : source;
  if (typeof inner === "string" || inner instanceof String) {
    fail(action, name, `${giving}items: a text as [text], its lines as text.split("\\n")`, inner);
  }
  if (isReadableStream(inner)) {
    if (inner.locked) fail(action, name, `${giving}an unlocked stream`, inner);
    return { kind: "stream", reader: inner.getReader() };
  }
  const asyncIterator = methodOf(inner, Symbol.asyncIterator);
  if (asyncIterator !== undefined) {
    return { kind: "async", iterator: started(asyncIterator.call(inner)) };
  }
  const iterator = methodOf(inner, Symbol.iterator);
  if (iterator === undefined) {
    fail(
      action,
      name,
      `${giving}a ReadableStream, an iterable, or one of them in chunks()`,
      inner,
    );
  }
  // A plain array of items is read by index, which needs no iterator.
  if (Array.isArray(source) && iterator === Array.prototype.values) {
    return { kind: "array", items: source };
  }
  return { kind: "sync", iterator: started(iterator.call(inner)) };
}

/** Cancels a source, and settles when it has released its resources. */
export async function cancelSource(source: OpenSource, reason: unknown): Promise<void> {
  if (source.kind === "stream") await source.reader.cancel(reason);
  else if (source.kind === "async") await source.iterator.return?.();
  else if (source.kind === "sync") source.iterator.return?.();
}

/** Rejects a value that is not an iterator, to avoid an error about a property of `undefined`. */
function started<I extends AsyncIterator<unknown> | Iterator<unknown>>(iterator: unknown): I {
  if (methodOf(iterator, "next") !== undefined) return iterator as I;
  throw new TypeError("The source is not iterable: its iterator has no method next()");
}

/** Rejects an invalid result of an iterator, as `for…of` does: otherwise it might loop for ever. */
export function checkAnswer<A>(answer: A): A {
  if (typeof answer === "object" ? answer !== null : typeof answer === "function") return answer;
  throw new TypeError(
    `The iterator returned no object: next() must return one like { done, value }, not ${
      String(answer)
    }`,
  );
}

/** Prototype of every async generator in this realm. */
const generators = Object.getPrototypeOf(async function* () {}).prototype as AsyncGenerator;

/**
 * Returns the iterable to read with `for await` if that is quicker than callbacks: on Bun, where an
 * async generator takes 0.7 of the time, and a stream slightly less. A generator whose methods are all
 * built in may be opened and returned twice.
 *
 * Measured with Bun 1.4.5 in November 2026: the rows "async generator" and "ReadableStream, sync
 * transform, batch 100" of bench/overhead.ts. Measure again in November 2027. Once callbacks are as
 * quick there, this and `readByForAwait` can go.
 */
export function quickIterable(source: AsyncSource): AsyncIterable<unknown> | undefined {
  if (!isBun()) return undefined;
  if (source.kind === "stream") {
    const next = () => source.reader.read() as Promise<IteratorResult<unknown>>;
    return { [Symbol.asyncIterator]: () => ({ next }) };
  }
  const generator = source.iterator as AsyncGenerator;
  const methods = ["next", "return", Symbol.asyncIterator] as const;
  return methods.every((name) => generator[name] === generators[name]) ? generator : undefined;
}

function isReadableStream(value: unknown): value is ReadableStream<unknown> {
  return methodOf(value, "getReader") !== undefined; // From this realm or another.
}

function methodOf(
  value: unknown,
  name: PropertyKey,
): ((...args: unknown[]) => unknown) | undefined {
  const method: unknown = (value as Record<PropertyKey, unknown> | null | undefined)?.[name];
  return typeof method === "function" ? method as () => unknown : undefined;
}
