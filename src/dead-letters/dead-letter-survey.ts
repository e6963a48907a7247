import { messageOf } from "../errors.ts";
import { base64Of } from "./base64.ts";
import { type Keeper, type Kind, kindOf } from "./dead-letter-kinds.ts";

/**
 * Key of the kind in an object that stands for a value which JSON lacks; the content is `value`.
 */
export const tag = "$";

/** The longest text of an item, in characters. */
export const defaultBudget: number = 64 * 2 ** 20;

/** Above this JSON itself runs out of stack, on the smallest of the runtimes. */
const maxDepth = 400;

/** Factor by which the text may grow for objects that are repeated wherever they are held. */
const maxCopies = 4;

/** Returns the object that stands for a value which JSON lacks. */
function tagged(kind: string, value?: unknown): object {
  return { [tag]: kind, value };
}

/** Returns the note that stands for a value which cannot be kept: the reason. */
export function note(reason: string): object {
  return tagged("note", `[${reason}]`);
}

function isNote(content: unknown): boolean {
  return (content as { [tag]?: unknown } | null)?.[tag] === "note";
}

type Members = Record<string, unknown>;

/** An object that was found: JSON asks it for what to write in its place. */
class Found {
  readonly value: object;
  readonly kind: Kind | undefined;
  readonly index: number;
  readonly depth: number; // On the shortest way from the first.
  readonly held: Found[] = []; // As often as it holds them.
  json: unknown;
  own = 24; // Characters that it takes without what it holds.
  isNamed = false; // It is written elsewhere.
  /** Result of `#measure`: all characters, and the levels below. */
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

/**
 * Reads a value: each object once, and breadth first, so that what is nearer is kept where not all
 * of it can be.
 */
export class Survey implements Keeper {
  readonly #found: Found[] = [];
  readonly #known = new Map<object, Found>();
  readonly #root: unknown;
  readonly #budget: number;
  #remaining: number; // Characters.
  #holder: Found | undefined; // Whose content is read.

  /** Reads a value, as far as `budget` characters reach. */
  constructor(value: unknown, budget: number) {
    this.#budget = this.#remaining = budget;
    this.#root = this.keep(value);
    for (const found of this.#found) { // It grows on the way.
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

  /** The JSON: a tree; or a list of all objects, where they hold each other in another way. */
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

  /** As many as fit, and a note of how many do not. */
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

  /** Base64, or a note. */
  readonly keepBytes = (bytes: Uint8Array): unknown => {
    const fits = this.#charge(Math.ceil(bytes.length / 3) * 4);
    return fits ? base64Of(bytes) : leftOut(`${bytes.length} bytes are`);
  };

  /**
   * Returns true if there is room for so many characters, and uses it up. Short texts always fit.
   */
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
    // What needs an escape is longer, which only many of them make matter.
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
      // The places in a list come first: if there are as many keys, the last one tells.
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
    const content: Members = Object.create(null); // So that `__proto__` is a name like any other.
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

  /** Each is read on its own: one getter may throw. */
  #member(value: object, key: string): unknown {
    try {
      return this.keep((value as Members)[key]);
    } catch (error) {
      return cannotBeRead(error);
    }
  }

  /**
   * Returns true if the text may repeat each object wherever it is held: no cycle, few held twice.
   */
  #isTree(): boolean {
    const [first] = this.#found;
    if (first === undefined) return true;
    const total = this.#found.reduce((sum, { own }) => sum + own, 0);
    return this.#measure(first, 0) <= Math.min(maxCopies * total + 1000, this.#budget + 1000);
  }

  /** The characters of an object with all that it holds: `Infinity` where it is held by itself. */
  #measure(found: Found, depth: number): number {
    if (depth + found.height >= maxDepth) return Infinity;
    if (found.size !== undefined) return found.size;
    found.size = Infinity; // Seen again on the way down, it holds itself.
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
  // That of another realm.
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
