import type { Rule } from "../../plain-options.ts";

/** One step from a value to one inside it. */
export interface PathStep {
  /** The name of a property, the index of an element, or every element. */
  readonly to: string | number | "every";
  readonly isEvery: boolean;
  /** The path up to this step, without it. */
  readonly before: string;
}

const steps =
  /\.([\p{L}_$][\p{L}\p{N}_$-]*)|\[(\*)\]|\[(\d{1,15})\]|\[("(?:[^"\\]|\\.)*")\]|\['([^'\\]*)'\]/uy;

/** Parses a path. Returns `undefined` if it is invalid or cannot be followed in a stream. */
export function parsePath(path: string): PathStep[] | undefined {
  if (!path.startsWith("$")) return undefined;
  const parsed: PathStep[] = [];
  steps.lastIndex = 1;
  for (let at = 1; at < path.length; at = steps.lastIndex) {
    const match = steps.exec(path);
    if (match === null) return undefined;
    const [, name, every, index, quoted, single] = match;
    const to = index !== undefined ? Number(index) : name ?? single ?? nameOf(quoted) ?? "every";
    parsed.push({ to, isEvery: every !== undefined, before: path.slice(0, at) });
  }
  return parsed;
}

/** The rule of a path. */
export const pathRule: Rule = {
  expected: 'a path of names, indexes and [*], such as $.data[*] or $["a b"][0].rows[*]',
  test: (value) => typeof value === "string" && isPath(value),
};

function isPath(path: string): boolean {
  try {
    return parsePath(path) !== undefined;
  } catch {
    return false; // A name in quotes that is not JSON.
  }
}

function nameOf(quoted: string | undefined): string | undefined {
  return quoted === undefined ? undefined : JSON.parse(quoted) as string;
}
