import { propertyOf } from "../../errors.ts";

/** Throws unless both values are the same as data: what is `undefined` inside counts as absent. */
export function expectSame(what: string, actual: unknown, expected: unknown): void {
  if (isSame(actual, expected)) return;
  throw new Error(`${what}: expected ${asJson(expected)}, got ${asJson(actual)}`);
}

/** Throws unless `call` throws, or rejects with, an error of this name. */
export async function expectError(
  what: string,
  name: string,
  call: () => unknown,
): Promise<void> {
  let outcome: string;
  try {
    outcome = `got ${asJson(await call())}`;
  } catch (error) {
    if (propertyOf(error, "name") === name) return;
    outcome = `it was ${error}`;
  }
  throw new Error(`${what}: expected a ${name}, but ${outcome}`);
}

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a, b] as Record<string, unknown>[];
  // Databases may give the names of an object in another order.
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => isSame(left![name], right![name]));
}

function asJson(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
