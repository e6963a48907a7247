import { bytesOf } from "./base64.ts";

/** Returns the JSON for values, or a note if they are too large. */
export interface Keeper {
  /** Returns the JSON for one value. */
  keep(value: unknown): unknown;
  /** Returns the JSON for many values. */
  keepAll<V>(values: Iterable<V>, size: number, keepOne: (value: V) => unknown): unknown[];
  /** Returns bytes as Base64. */
  keepBytes(bytes: Uint8Array): unknown;
}

/** Restores the value that JSON represents. */
export type Restore = (json: unknown) => unknown;

/** A built-in class whose instances are kept, from any realm. */
export interface Kind {
  /** Name of the kind in the JSON. */
  readonly name: string;
  /** Its classes here. */
  readonly types: readonly unknown[];
  /**
   * Returns true for an instance from any realm, by a feature that only the class has; throwing means no.
   */
  holds(value: object): boolean;
  /** Returns the content for the JSON. */
  contentOf(value: never, keeper: Keeper): unknown;
  /** Restores the value without the objects inside it, as these may contain it. */
  make(content: never, restore: Restore): unknown;
  /** Adds the contents. */
  fill?(made: never, content: never, restore: Restore): void;
}

type Parts = Record<string, unknown>;

const typedArray: unknown = Object.getPrototypeOf(Uint8Array);
const { SharedArrayBuffer: shared } = globalThis as {
  SharedArrayBuffer?: SharedArrayBufferConstructor; // Missing in pages that are not isolated.
};
const boxes = [Number, String, Boolean, BigInt, Symbol];
const viewNameOf = getterOf(typedArray as typeof Uint8Array, Symbol.toStringTag);
const lengthOfBuffer = getterOf(ArrayBuffer, "byteLength");
const lengthOfShared = getterOf(shared, "byteLength");
const sizeOfMap = getterOf(Map, "size");
const sizeOfSet = getterOf(Set, "size");
const sourceOf = getterOf(RegExp, "source");

/** The kinds, in the order in which an object is checked. */
export const kinds: readonly Kind[] = [
  {
    name: "date",
    types: [Date],
    holds: (value) => typeof Date.prototype.getTime.call(value) === "number",
    contentOf: (date: Date) => {
      const time = Date.prototype.getTime.call(date);
      return Number.isNaN(time) ? null : new Date(time).toISOString();
    },
    make: (text: string | null) => new Date(text ?? NaN),
  },
  {
    name: "bytes",
    types: [Uint8Array],
    holds: (value) => viewNameOf(value) === "Uint8Array",
    // A new view throws if the bytes were transferred.
    contentOf: ({ buffer, byteOffset, byteLength }: Uint8Array, { keepBytes }) =>
      keepBytes(new Uint8Array(buffer, byteOffset, byteLength)),
    make: (text: string) => bytesOf(text),
  },
  {
    name: "view",
    types: [typedArray, DataView],
    holds: (value) => ArrayBuffer.isView(value),
    contentOf: (view: ArrayBufferView, { keepBytes }) => {
      const { buffer, byteOffset, byteLength } = view;
      const text = keepBytes(new Uint8Array(buffer, byteOffset, byteLength));
      return typeof text === "string" ? [viewNameOf(view) ?? "DataView", text] : text;
    },
    make: ([name, text]: [string, string]) => viewOf(name, bytesOf(text)),
  },
  {
    name: "buffer",
    types: [ArrayBuffer, shared],
    holds: (value) => isBuffer(value) || isShared(value),
    contentOf: (buffer: ArrayBuffer, { keepBytes }) => keepBytes(new Uint8Array(buffer)),
    make: (text: string) => bytesOf(text).buffer,
  },
  {
    name: "map",
    types: [Map],
    holds: (value) => sizeOfMap(value) !== undefined,
    contentOf: (map: Map<unknown, unknown>, { keep, keepAll }) =>
      keepAll(entriesOf(map), sizeOfMap(map) as number, ([key, value]) => [keep(key), keep(value)]),
    make: () => new Map(),
    fill: (map: Map<unknown, unknown>, entries: [unknown, unknown][], restore) => {
      for (const entry of entries) {
        if (Array.isArray(entry)) map.set(restore(entry[0]), restore(entry[1]));
        else map.set(restore(entry), undefined); // A note about omitted entries.
      }
    },
  },
  {
    name: "set",
    types: [Set],
    holds: (value) => sizeOfSet(value) !== undefined,
    contentOf: (set: Set<unknown>, { keep, keepAll }) =>
      keepAll(Set.prototype.values.call(set), sizeOfSet(set) as number, keep),
    make: () => new Set(),
    fill: (set: Set<unknown>, items: unknown[], restore) => {
      for (const item of items) set.add(restore(item));
    },
  },
  {
    name: "error",
    types: [Error],
    holds: isError,
    contentOf: partsOf,
    make: errorOf,
    fill: fillError,
  },
  {
    name: "regexp",
    types: [RegExp],
    holds: (value) => sourceOf(value) !== undefined,
    contentOf: (expression: RegExp, { keep }) => {
      const source = keep(sourceOf(expression));
      return typeof source === "string" ? [source, expression.flags] : source;
    },
    make: ([source, flags]: [string, string]) => {
      try {
        return new RegExp(source, flags);
      } catch {
        return `/${source}/${flags}`; // Another runtime may know more flags.
      }
    },
  },
  {
    name: "boxed",
    types: boxes,
    holds: (value) => unboxed(value) !== undefined,
    contentOf: (box: object, { keep }) => keep(unboxed(box)?.[0]),
    make: (content, restore) => Object(restore(content)),
  },
];

function entriesOf(map: Map<unknown, unknown>): Iterable<[unknown, unknown]> {
  return Map.prototype.entries.call(map) as Iterable<[unknown, unknown]>;
}

/** Returns the kind of an object, if it has one. */
export function kindOf(value: object): Kind | undefined {
  const isHeld = ({ holds }: Kind) => {
    try {
      return holds(value);
    } catch {
      return false; // Getters and methods of built-in classes throw if it is not an instance.
    }
  };
  // Checking all of them is slow, as most of them throw.
  const isOfType = (type: unknown) => typeof type === "function" && value instanceof type;
  const own = kinds.find(({ types }) => types.some(isOfType));
  if (own !== undefined && isHeld(own)) return own;
  const isStrange = Object.prototype.toString.call(value) !== "[object Object]";
  return isStrange ? kinds.find(isHeld) : undefined;
}

/** Returns the getter of a built-in class, to call on any object: it throws if that is not an instance. */
function getterOf(type: { prototype: object } | undefined, name: PropertyKey) {
  const { get } = (type && Object.getOwnPropertyDescriptor(type.prototype, name)) ?? {};
  return (value: object): unknown => get!.call(value);
}

function isBuffer(value: object): boolean {
  try {
    return lengthOfBuffer(value) !== undefined;
  } catch {
    return false;
  }
}

function isShared(value: object): boolean {
  return lengthOfShared(value) !== undefined;
}

function isError(value: object): boolean {
  const { isError } = Error as { isError?: (value: unknown) => boolean };
  return isError?.(value) === true || value instanceof Error ||
    /^\[object (Error|DOMException)\]$/.test(Object.prototype.toString.call(value));
}

/** Returns the content of a boxed value. It is in an array, as it may be anything. */
function unboxed(value: object): [unknown] | undefined {
  for (const type of boxes) {
    try {
      return [(type.prototype.valueOf as () => unknown).call(value)];
    } catch {
      // It is not an instance of this class.
    }
  }
  return undefined;
}

/** Returns bytes as their original class; as plain bytes if the runtime does not have that class. */
function viewOf(name: string, bytes: Uint8Array): object {
  if (!/^(DataView|(Big)?(Int|Uint|Float)\d+(Clamped)?Array)$/.test(name)) return bytes;
  const type = (globalThis as unknown as Record<string, new (buffer: object) => object>)[name];
  return type === undefined ? bytes : new type(bytes.buffer);
}

function partsOf(error: Error, { keep, keepAll }: Keeper): Parts {
  const { name, message, code, errors } = error as Error & { code?: unknown; errors?: unknown };
  const isSuppressed = Object.hasOwn(error, "error") && Object.hasOwn(error, "suppressed");
  const both = error as unknown as Parts; // Of a `SuppressedError`.
  return {
    ...{ name: keep(`${name}`), message: keep(`${message}`) },
    ...(code !== undefined && { code: keep(code) }),
    ...(Object.hasOwn(error, "cause") && { cause: keep(error.cause) }),
    ...(isSuppressed && { error: keep(both["error"]), suppressed: keep(both["suppressed"]) }),
    ...(Array.isArray(errors) && { errors: keepAll(errors, errors.length, keep) }),
  };
}

function errorOf({ message, errors }: Parts, restore: Restore): Error {
  const words = `${restore(message)}`;
  return Array.isArray(errors) ? new AggregateError([], words) : new Error(words);
}

function fillError(error: Error, { message: _, ...parts }: Parts, restore: Restore): void {
  for (const [key, part] of Object.entries(parts)) {
    const value = restore(part);
    Object.defineProperty(error, key, { value, configurable: true, writable: true });
  }
}
