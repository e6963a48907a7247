/**
 * JSON for any value: a dead letter contains what failed, however unusual that is.
 * @module
 */
import { messageOf } from "../errors.ts";
import { kinds, type Restore } from "./dead-letter-kinds.ts";
import { defaultBudget, note, Survey, tag } from "./dead-letter-survey.ts";
import type { DeadLetter } from "./dead-letter.ts";

/**
 * Returns any value as JSON. `decodeItem` restores: a bigint, `undefined`, `NaN`, `Infinity`, `-0`, a
 * `Date`, bytes of any kind (a view, a `DataView`, an `ArrayBuffer`), a `Map`, a `Set`, a `RegExp`, a
 * boxed value, an array with holes, and an `Error` with its name, message, code, cause and errors (also
 * the two of a `SuppressedError`). They may come from any realm. It also restores objects that contain
 * themselves or are shared. An instance of another class becomes the result of its `toJSON`, or a plain
 * object of its properties.
 *
 * Values that cannot be kept become a note in words: a function, a symbol, an instance without own
 * properties, a getter that throws, the 401st level, and anything beyond `budget` characters. The time
 * and the text grow with the number of objects. It never throws.
 */
export function encodeItem(value: unknown, budget: number = defaultBudget): string {
  try {
    return new Survey(value, budget).text();
  } catch (error) {
    return JSON.stringify(note(messageOf(error)));
  }
}

/** Returns a dead letter as one line of JSON. Each of its parts has the whole budget. */
export function encodeLetter(letter: DeadLetter): string {
  try {
    const parts = Object.entries(letter);
    const members = parts.map(([key, part]) => `${JSON.stringify(key)}:${encodeItem(part)}`);
    return `{${members.join(",")}}`;
  } catch {
    return encodeItem(letter); // It is not a dead letter, or cannot be read as a whole.
  }
}

/**
 * Returns the value of JSON made by `encodeItem`. A note becomes its text.
 * @throws {SyntaxError} If it is not JSON; another error if it was not made by `encodeItem`.
 */
export function decodeItem(text: string): unknown {
  return restored(JSON.parse(text));
}

type Members = Record<string, unknown>;

/** Restores the original value in place: the result of `JSON.parse` has only own properties. */
function restored(json: unknown, restore: Restore = restored): unknown {
  const kind = kindIn(json);
  if (kind === "graph") return restoredGraph((json as Members)["value"] as unknown[]);
  const made = shellOf(json, kind, restore);
  fill(json, kind, made, restore);
  return made;
}

/** Restores objects that contain each other: first all of them, then their contents. */
function restoredGraph(nodes: readonly unknown[]): unknown {
  const restore = (json: unknown) =>
    kindIn(json) === "ref" ? made[(json as Members)["value"] as number] : restored(json, restore);
  const made: unknown[] = [];
  for (const node of nodes) made.push(shellOf(node, kindIn(node), restore));
  nodes.forEach((node, index) => fill(node, kindIn(node), made[index], restore));
  return made[0];
}

function kindIn(json: unknown): unknown {
  const isTagged = typeof json === "object" && json !== null && Object.hasOwn(json, tag);
  return isTagged ? (json as Members)[tag] : undefined;
}

/** Returns the value that JSON represents, without the objects in it. */
function shellOf(json: unknown, kind: unknown, restore: Restore): unknown {
  if (kind === undefined) return json;
  const { value } = json as Members;
  if (kind === "object") return value;
  if (kind === "undefined") return undefined;
  if (kind === "number") return Number(value);
  if (kind === "bigint") return BigInt(value as string);
  if (kind === "list") return new Array<unknown>((value as [number])[0]);
  const found = kinds.find(({ name }) => name === kind);
  return found === undefined ? restore(value) : found.make(value as never, restore);
}

function fill(json: unknown, kind: unknown, made: unknown, restore: Restore): void {
  if (typeof made !== "object" || made === null) return;
  if (kind === undefined || kind === "object") return define(made, made, restore);
  const { value } = json as Members;
  if (kind !== "list") {
    return kinds.find(({ name }) => name === kind)?.fill?.(made as never, value as never, restore);
  }
  const [, entries] = value as [number, object];
  define(
    made,
    kindIn(entries) === "object" ? (entries as Members)["value"] as object : entries,
    restore,
  );
}

/** Defines the members of an object on another one. Not assigned, as one may be called `__proto__`. */
function define(made: object, members: object, restore: Restore): void {
  for (const [key, member] of Object.entries(members)) {
    const value = restore(member);
    const isSame = made === members && value === member;
    if (isSame) continue;
    Object.defineProperty(made, key, {
      ...{ value, configurable: true, enumerable: true, writable: true },
    });
  }
}
