import { isOf } from "../errors.ts";
import { fail } from "../options.ts";
import { isBun } from "../runtime/detect.ts";
import { Chunks } from "./chunks.ts";

/**
 * Where items come from: a stream, an async or a sync iterable, or any of them in arrays, marked by
 * `chunks`. Without that mark an array that a source yields is one item. A string is refused, as it
 * would be read letter by letter. Whatever ends the reading early cancels the source, also while a read is pending: a
 * stream ends at once, an async generator that waits for something of its own only once that settles
 * or heeds the signal.
 */
export type Source<T> = ReadableStream<T> | AsyncIterable<T> | Iterable<T> | Chunks<T>;

/** A source that was opened: what reads from it, and what stops it. */
export type OpenSource =
  | AsyncSource
  | { readonly kind: "sync"; readonly iterator: Iterator<unknown> }
  | { readonly kind: "array"; readonly items: readonly unknown[] };

/** One whose items have to be waited for. */
export type AsyncSource =
  | { readonly kind: "stream"; readonly reader: ReadableStreamDefaultReader<unknown> }
  | { readonly kind: "async"; readonly iterator: AsyncIterator<unknown> };

/** Answer of a reader or an iterator. */
export interface Answer {
  readonly done?: boolean | undefined;
  readonly value?: unknown;
}

/** Words of a message about a source: the reader, the option, and the function that returned it. */
export type SourceUse = readonly [action: string, name: string, giving?: string];

/**
 * Locks a stream, or starts an iterator.
 *
 * @throws {ConfigurationError} If it is no source, or a stream that somebody else reads.
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

/** Makes a source give no more, and settles when it has let go of what it holds. */
export async function cancelSource(source: OpenSource, reason: unknown): Promise<void> {
  if (source.kind === "stream") await source.reader.cancel(reason);
  else if (source.kind === "async") await source.iterator.return?.();
  else if (source.kind === "sync") source.iterator.return?.();
}

/** Refuses what is no iterator, in the place of an error about a property of `undefined`. */
function started<I extends AsyncIterator<unknown> | Iterator<unknown>>(iterator: unknown): I {
  if (methodOf(iterator, "next") !== undefined) return iterator as I;
  throw new TypeError("The source is not iterable: its iterator has no method next()");
}

/** Refuses what is no answer of an iterator, as `for…of` does: it might go on for ever. */
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
 * The iterable to read by `for await` where that beats callbacks: on Bun, where an async generator
 * takes 0.7 of the time and a stream a little less. A generator with no method of its own may be
 * opened and returned twice.
 *
 * Measured with Bun 1.4.5 in November 2026; the rows are "async generator" and "ReadableStream, sync
 * transform, batch 100" of bench/overhead.ts. To be measured again in November 2027: once callbacks
 * are as quick there, this and `readByForAwait` can go.
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
  return methodOf(value, "getReader") !== undefined; // Of this realm or of another.
}

function methodOf(
  value: unknown,
  name: PropertyKey,
): ((...args: unknown[]) => unknown) | undefined {
  const method: unknown = (value as Record<PropertyKey, unknown> | null | undefined)?.[name];
  return typeof method === "function" ? method as () => unknown : undefined;
}
