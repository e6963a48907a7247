import { fail } from "../plain-options.ts";

/** Reader of the values of an input, one at a time. */
export interface Feed {
  /** The name of a file, the address of a response, or `""`. */
  readonly name: string;
  /** True if it is an array, which may be an empty list of inputs. */
  readonly isArray: boolean;
  /** Reads the next value. */
  next(): Promise<FeedAnswer>;
  /** Cancels the input, even while `next` is pending. */
  cancel(reason: unknown): Promise<void>;
}

/** A value, or the end. */
export interface FeedAnswer {
  readonly done?: boolean | undefined;
  readonly value?: unknown;
}

/** The members of an input that are checked. */
interface Members {
  readonly name?: unknown;
  readonly url?: unknown;
  readonly ok?: unknown;
  readonly status?: unknown;
  readonly body?: unknown;
  readonly bodyUsed?: unknown;
  readonly getReader?: unknown;
  readonly stream?: unknown;
  readonly arrayBuffer?: unknown;
  readonly [Symbol.asyncIterator]?: unknown;
  readonly [Symbol.iterator]?: unknown;
}

/**
 * Makes a feed of any input of a reader, without reading from it.
 *
 * @throws {ConfigurationError} If it cannot be read from, or is a stream that is already being read.
 */
export function feedOf(action: string, input: unknown): Feed {
  if (typeof input === "string") {
    fail(action, "input", "bytes: a text as [text], a file as openFiles(path)", input);
  }
  const members: Members = Object(input);
  if (isBytes(input)) return iterableFeed([input], false);
  if (isFunction(members.getReader)) return streamFeed(action, input);
  if (isFunction(members.stream)) {
    const open = () => (input as Blob).stream();
    return blobFeed(action, textOf(members.name), open);
  }
  if (isFunction(members.arrayBuffer) && "body" in members) return bodyFeed(action, members);
  if (isFunction(members[Symbol.asyncIterator]) || isFunction(members[Symbol.iterator])) {
    return iterableFeed(input as Iterable<unknown>, Array.isArray(input));
  }
  const kinds = "a Blob, Response, Request, ReadableStream or iterable of bytes, or a list of them";
  return fail(action, "input", kinds, input);
}

/** Returns true if a value is a Uint8Array, of this realm or of another. */
export function isBytes(value: unknown): value is Uint8Array {
  return (value as { [Symbol.toStringTag]?: unknown } | null)?.[Symbol.toStringTag] ===
    "Uint8Array";
}

/** Locks a stream when it is first read. */
function streamFeed(action: string, input: unknown, name = ""): Feed {
  const stream = input as ReadableStream<unknown>;
  if (stream.locked) fail(action, "input", "an unlocked stream", stream);
  let reader: ReadableStreamDefaultReader<unknown> | undefined;
  return {
    name,
    isArray: false,
    next: () => (reader ??= stream.getReader()).read(),
    cancel: (reason) => (reader ?? stream).cancel(reason),
  };
}

/** Opens the stream of a Blob when it is first read: until then it holds nothing. */
function blobFeed(action: string, name: string, open: () => unknown): Feed {
  let feed: Feed | undefined;
  return {
    name,
    isArray: false,
    next: () => (feed ??= streamFeed(action, open())).next(),
    cancel: async (reason) => await feed?.cancel(reason),
  };
}

/** Reads the body of a successful response, or of a request. */
function bodyFeed(action: string, members: Members): Feed {
  const { body, bodyUsed, ok = true, status, url } = members;
  if (ok !== true) fail(action, "input", "a response with a status of success", status);
  if (bodyUsed === true) fail(action, "input", "a body that was not read before", members);
  const name = textOf(url);
  return body === null ? { ...iterableFeed([], false), name } : streamFeed(action, body, name);
}

function iterableFeed(input: Iterable<unknown> | AsyncIterable<unknown>, isArray: boolean): Feed {
  let iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined;
  let isCancelled = false;
  const start = () =>
    Symbol.asyncIterator in input ? input[Symbol.asyncIterator]() : input[Symbol.iterator]();
  return {
    name: "",
    isArray,
    async next() {
      if (isCancelled) return { done: true };
      iterator ??= start();
      return await iterator.next();
    },
    async cancel() {
      isCancelled = true;
      // Only this ends a stream of Node at once: its iterator waits for pending reads.
      (input as { destroy?: () => unknown }).destroy?.();
      await iterator?.return?.();
    },
  };
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
