import { messageOf } from "../errors.ts";
import { base64Of } from "./base64.ts";
import { type Keeper, type Kind, kindOf } from "./dead-letter-kinds.ts";

/** Key of the kind in an object that represents a value missing in JSON; the content is `value`. */
export const tag = "$";

/** The longest text of an item, in characters. */
export const defaultBudget: number = 64 * 2 ** 20;

/** Deepest level. Beyond it, JSON itself runs out of stack on the smallest of the runtimes. */
const maxDepth = 400;

/** Factor by which the text may grow by repeating objects wherever they occur. */
const maxCopies = 4;

/** Returns the object that represents a value missing in JSON. */
function tagged(kind: string, value?: unknown): object {
  return { [tag]: kind, value };
}

/** Returns the note that represents a value that cannot be kept, with the reason. */
export function note(reason: string): object {
  return tagged("note", `[${reason}]`);
}

function isNote(content: unknown): boolean {
  return (content as { [tag]?: unknown } | null)?.[tag] === "note";
}

type Members = Record<string, unknown>;

/** An object that was found. Its `toJSON` returns what JSON writes in its place. */
class Found {
  readonly value: object;
  readonly kind: Kind | undefined;
  readonly index: number;
  readonly depth: number; // On the shortest path from the first.
  readonly held: Found[] = []; // Once for each occurrence.
  json: unknown;
  own = 24; // Characters without its contents.
  isNamed = false; // Written elsewhere.
  /** Result of `#measure`: all characters, including those of the levels below. */
  size: number | undefined;
  height = 0;

  constructor(value: object, kind: Kind | undefined, index: number, depth: number) {
    this.value = value;
    this.kind = kind;
    this.index = index;
    this.depth = depth;
  }

  toJSON(): unknown {
    return this.isNamed ? tagged("ref", this.index) : this.json;
  }
}

/** Reads a value: each object once and breadth first, so that nearer parts are kept if not all fit. */
export class Survey implements Keeper {
  readonly #found: Found[] = [];
  readonly #known = new Map<object, Found>();
  readonly #root: unknown;
  readonly #budget: number;
  #remaining: number; // Characters.
  #holder: Found | undefined; // Object whose content is being read.

  /** Reads a value, up to `budget` characters. */
  constructor(value: unknown, budget: number) {
    this.#budget = this.#remaining = budget;
    this.#root = this.keep(value);
    for (const found of this.#found) { // It grows during the loop.
      this.#holder = found;
      const remaining = this.#remaining;
      try {
        found.json = this.#contentOf(found);
      } catch (error) {
        found.held.length = 0;
        found.json = cannotBeRead(error);
      }
      found.own += remaining - this.#remaining;
    }
  }

  /** Returns the JSON: a tree, or a list of all objects if they contain each other in another way. */
  text(): string {
    if (this.#isTree()) return JSON.stringify(this.#root);
    for (const found of this.#found) found.isNamed = true;
    return JSON.stringify(tagged("graph", this.#found.map(({ json }) => json)));
  }

  /** Returns the JSON for a value; the content of an object is read later. */
  readonly keep = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return this.#primitive(value);
    try {
      return this.#object(value, 0);
    } catch (error) {
      return cannotBeRead(error);
    }
  };

  /** Returns as many values as fit, and a note with the number of the others. */
  readonly keepAll = <V>(
    values: Iterable<V>,
    size: number,
    keepOne: (value: V) => unknown,
  ): unknown[] => {
    const kept: unknown[] = [];
    for (const value of values) {
      if (this.#remaining > 0) kept.push(keepOne(value));
      else return [...kept, leftOut(`${size - kept.length} more are`)];
    }
    return kept;
  };

  /** Returns Base64, or a note. */
  readonly keepBytes = (bytes: Uint8Array): unknown => {
    const fits = this.#charge(Math.ceil(bytes.length / 3) * 4);
    return fits ? base64Of(bytes) : leftOut(`${bytes.length} bytes are`);
  };

  /** Returns true if there is room for this many characters, and reserves it. Short texts always fit. */
  #charge(characters: number): boolean {
    if (characters > Math.max(this.#remaining, 64)) return false;
    this.#remaining -= characters;
    return true;
  }

  #primitive(value: unknown): unknown {
    const type = typeof value;
    if (type === "string") return this.#text(value as string);
    if (type === "boolean" || value === null || (type === "number" && isPlainNumber(value))) {
      this.#remaining -= 8;
      return value;
    }
    if (type === "function" || type === "symbol") return note(`a ${type}`);
    const text = Object.is(value, -0) ? "-0" : `${value}`;
    return this.#charge(text.length + 20) ? tagged(type, text) : cut(type, text.length);
  }

  #text(text: string): unknown {
    // Escapes make it longer, which matters only if there are many.
    const length = text.length < 1000 ? text.length : JSON.stringify(text).length;
    return this.#charge(length) ? text : cut("string", text.length);
  }

  #object(value: object, calls: number): unknown {
    let found = this.#known.get(value);
    if (found === undefined) {
      const depth = (this.#holder?.depth ?? -1) + 1;
      if (depth >= maxDepth || calls >= maxDepth) return note("nested too deeply");
      const isPlain = isPlainObject(value);
      const kind = isPlain ? undefined : kindOf(value);
      if (!isPlain && kind === undefined) {
        const { toJSON } = value as { toJSON?: unknown };
        if (typeof toJSON === "function") {
          return this.#replaced(value, toJSON.call(value, ""), calls);
        }
      }
      found = new Found(value, kind, this.#found.length, depth);
      this.#known.set(value, found);
      this.#found.push(found);
    }
    this.#charge(24);
    this.#holder?.held.push(found);
    return found;
  }

  /** Keeps the result of an object's own `toJSON`. */
  #replaced(value: object, replacement: unknown, calls: number): unknown {
    if (replacement === value) return note("a circular reference");
    if (typeof replacement !== "object" || replacement === null) {
      return this.#primitive(replacement);
    }
    return this.#object(replacement, calls + 1);
  }

  #contentOf({ value, kind }: Found): unknown {
    if (kind !== undefined) {
      const content = kind.contentOf(value as never, this);
      return isNote(content) ? content : tagged(kind.name, content);
    }
    const keys = Object.keys(value);
    const isList = Array.isArray(value);
    if (isList && keys.length === value.length && `${value.length - 1}` === (keys.at(-1) ?? "-1")) {
      // Indices come first in a list: if there are as many keys, the last one decides.
      return this.keepAll(keys, keys.length, (key) => this.#member(value, key));
    }
    if (!isList && keys.length === 0) {
      if (!isPlainObject(value)) return note(`an instance of ${nameOf(value)}`);
      if (Reflect.ownKeys(value).length > 0) return note("an object whose properties are hidden");
    }
    const content = this.#members(value, keys);
    const plain = tag in content ? tagged("object", content) : content;
    return isList ? tagged("list", [value.length, plain]) : plain;
  }

  #members(value: object, keys: readonly string[]): Members {
    const content: Members = Object.create(null); // Makes `__proto__` a name like any other.
    for (const [index, key] of keys.entries()) {
      if (this.#remaining <= 0) {
        content["…"] = leftOut(`${keys.length - index} more are`);
        break;
      }
      this.#remaining -= key.length + 3;
      content[key] = this.#member(value, key);
    }
    return content;
  }

  /** Reads one member. Each is read separately, as a getter may throw. */
  #member(value: object, key: string): unknown {
    try {
      return this.keep((value as Members)[key]);
    } catch (error) {
      return cannotBeRead(error);
    }
  }

  /** Returns true if the text may repeat each object wherever it occurs: no cycle, few shared objects. */
  #isTree(): boolean {
    const [first] = this.#found;
    if (first === undefined) return true;
    const total = this.#found.reduce((sum, { own }) => sum + own, 0);
    return this.#measure(first, 0) <= Math.min(maxCopies * total + 1000, this.#budget + 1000);
  }

  /** Returns the characters of an object with its contents: `Infinity` if it contains itself. */
  #measure(found: Found, depth: number): number {
    if (depth + found.height >= maxDepth) return Infinity;
    if (found.size !== undefined) return found.size;
    found.size = Infinity; // If it is seen again on the way down, it contains itself.
    let size = found.own;
    for (const held of found.held) {
      size += this.#measure(held, depth + 1);
      found.height = Math.max(found.height, held.height + 1);
      if (size === Infinity) return Infinity;
    }
    return found.size = size;
  }
}

function isPlainObject(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return true;
  // The one of another realm.
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf");
}

/** Name of the class of an object, with the name and size of a file. */
function nameOf(value: object): string {
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  const isNamed = typeof name === "string" && name !== "" && name !== "Object";
  const words = isNamed ? name : Object.prototype.toString.call(value).slice(8, -1);
  const { size } = value as { size?: unknown };
  return typeof size === "number" ? `${words}, of size ${size}` : words;
}

function cannotBeRead(error: unknown): object {
  return note(`cannot be read: ${messageOf(error)}`);
}

function isPlainNumber(value: unknown): boolean {
  return Number.isFinite(value) && !Object.is(value, -0);
}

function cut(type: string, length: number): object {
  return leftOut(`a ${type} of ${length} characters is`);
}

function leftOut(what: string): object {
  return note(`${what} left out, as the letter is too long`);
}
