/**
 * JSON for anything: what a dead letter holds is what failed, and may be as strange as it likes.
 * @module
 */
import { messageOf } from "../errors.ts";

/** What JSON lacks is an object with the kind under this name, and its content as `value`. */
const tag = "$";

/** Above this JSON itself runs out of stack, on the smallest of the runtimes. */
const maxDepth = 400;

/**
 * Any value as JSON: also a bigint, `undefined`, `NaN`, `Infinity`, `-0`, a `Date`, a `Uint8Array`,
 * a `Map`, a `Set`, a list with holes, and an `Error` with its name, message, code, cause and
 * errors. The instance of another class becomes what its `toJSON` gives, or a plain object. What
 * cannot be kept (a function, a symbol, a circle, a getter that throws, the 401st level) becomes a
 * note. It never throws.
 */
export function encodeItem(value: unknown): string {
  try {
    return JSON.stringify(kept(() => value, []));
  } catch (error) {
    return JSON.stringify(note(messageOf(error))); // Too long for a string.
  }
}

/**
 * The value of a JSON that `encodeItem` gave. A note becomes its text.
 * @throws {SyntaxError} If it is no JSON.
 */
export function decodeItem(text: string): unknown {
  return restored(JSON.parse(text));
}

type Members = Record<string, unknown>;

/** A class whose instances are kept: its tag, what goes into the JSON, and what comes back. */
type Kind = readonly [
  name: string,
  type: abstract new (...parts: never[]) => object,
  contentOf: (value: never) => unknown,
  revive: (content: never) => unknown,
];

const kinds: readonly Kind[] = [
  ["date", Date, dateTextOf, (text: string | null) => new Date(text ?? NaN)],
  ["bytes", Uint8Array, base64Of, bytesOf],
  ["map", Map, (map: Map<unknown, unknown>) => [...map], (entries: []) => new Map(entries)],
  ["set", Set, (set: Set<unknown>) => [...set], (items: []) => new Set(items)],
  ["error", Error, partsOf, errorOf],
];

function tagged(kind: string, value?: unknown): object {
  return { [tag]: kind, value };
}

function note(reason: string): object {
  return tagged("note", `[${reason}]`);
}

function kept(read: () => unknown, path: readonly object[]): unknown {
  try {
    const value = read();
    if (typeof value !== "object" || value === null) return primitive(value);
    if (path.includes(value)) return note("a circular reference");
    return path.length < maxDepth ? composite(value, [...path, value]) : note("nested too deeply");
  } catch (error) {
    return note(`cannot be read: ${messageOf(error)}`);
  }
}

function primitive(value: unknown): unknown {
  const type = typeof value;
  if (type === "function" || type === "symbol") return note(`a ${type}`);
  const isPlain = type === "number" ? Number.isFinite(value) && !Object.is(value, -0) : undefined;
  if (isPlain ?? (type !== "bigint" && type !== "undefined")) return value;
  return tagged(type, Object.is(value, -0) ? "-0" : `${value}`);
}

function composite(value: object, path: readonly object[]): unknown {
  const found = kinds.find(([, type]) => value instanceof type);
  if (found !== undefined) {
    // Its content has to be whole: two more levels for the entries of a map.
    if (path.length > maxDepth - 2) return note("nested too deeply");
    const content = found[2](value as never);
    return tagged(found[0], kept(() => content, path));
  }
  const keys = Object.keys(value);
  const { toJSON } = value as { toJSON?: unknown };
  const isList = Array.isArray(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = isList || prototype === Object.prototype || prototype === null;
  if (!isPlain && typeof toJSON === "function") return kept(() => toJSON.call(value, ""), path);
  const content: Members = Object.create(null); // So that `__proto__` is a name like any other.
  // Each is read on its own: one getter may throw.
  for (const key of keys) content[key] = kept(() => (value as Members)[key], path);
  // The places in a list come first: if there are as many keys, the last one tells.
  if (isList && keys.length === value.length && `${value.length - 1}` === (keys.at(-1) ?? "-1")) {
    return Object.values(content);
  }
  const plain = tag in content ? tagged("object", content) : content;
  return isList ? tagged("list", [value.length, plain]) : plain;
}

function dateTextOf(date: Date): string | null {
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

function base64Of(bytes: Uint8Array): string {
  let characters = ""; // One by one: so many arguments at once would be too many.
  for (const byte of bytes) characters += String.fromCharCode(byte);
  return btoa(characters);
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function partsOf(error: Error): Members {
  const { name, message, code, errors } = error as Error & { code?: unknown; errors?: unknown };
  return {
    ...{ name: `${name}`, message: `${message}` },
    ...(code !== undefined && { code }),
    ...(Object.hasOwn(error, "cause") && { cause: error.cause }),
    ...(Array.isArray(errors) && { errors }),
  };
}

function errorOf({ message, errors, ...rest }: Members): Error {
  const error = Array.isArray(errors)
    ? new AggregateError(errors, message as string)
    : new Error(message as string);
  for (const [key, value] of Object.entries(rest)) {
    Object.defineProperty(error, key, { value, configurable: true, writable: true });
  }
  return error;
}

/** Undoes `kept`, in place: what `JSON.parse` gives has own properties alone. */
function restored(value: unknown, isTagged = true): unknown {
  if (typeof value !== "object" || value === null) return value;
  const content = value as Members;
  const kind = isTagged && Object.hasOwn(content, tag) ? content[tag] : undefined;
  if (kind !== undefined) return revived(kind, restored(content["value"], kind !== "object"));
  for (const key of Object.keys(content)) content[key] = restored(content[key]);
  return value;
}

function revived(kind: unknown, content: unknown): unknown {
  if (kind === "undefined") return undefined;
  if (kind === "number") return Number(content);
  if (kind === "bigint") return BigInt(content as string);
  if (kind === "list") {
    const [length, entries] = content as [number, object];
    return Object.assign(new Array<unknown>(length), entries);
  }
  const found = kinds.find(([name]) => name === kind);
  return found === undefined ? content : found[3](content as never);
}
