import type { Rule } from "../../options.ts";

/** Path of a value in a body: `"$"`, `"$.meta.next"`, `"$.items[0]"`, `'$["@odata.nextLink"]'`. */
export type JsonPath = `$${string}`;

const whole = /^\$(?:\.[^.[\]]+|\[\d+\]|\["[^"]+"\]|\['[^']+'\])*(?:\[\*\])?$/;
const step = /\.([^.[\]]+)|\[(\d+)\]|\["([^"]+)"\]|\['([^']+)'\]/g;

/** Rule of a path. */
export const jsonPath: Rule = {
  expected: 'a path such as "$.meta.next"',
  test: (value) => typeof value === "string" && whole.test(value),
};

/** Returns the value at a path; `undefined` if there is none. `[*]` at its end changes nothing. */
export function valueAt(body: unknown, path: JsonPath): unknown {
  let value = body;
  for (const [, ...names] of path.matchAll(step)) {
    const name = names.find((name) => name !== undefined)!;
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) {
      return undefined;
    }
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
