import { ConfigurationError, isOf } from "../../errors.ts";
import { fail } from "../../options.ts";
import { nearestOf } from "../../plain-options.ts";
import type { CommandOption } from "../command.ts";
import { runOptions } from "../../pipeline/run-options.ts";

const action = "read the command line";

/** The flag `--set` of commands that run pipelines. */
export const setOption: CommandOption = {
  type: "string",
  multiple: true,
  value: "option=value",
  description: "set an option of the run, such as workers=4 or retry.maxAttempts=3",
};

/**
 * The options of `--set option=value`: a value that is JSON is parsed, any other is text. An option
 * of an option is written with points: `retry.maxAttempts=3`. Their rules are those of the run, which
 * checks them.
 *
 * @throws {ConfigurationError} If one has no value, or `known` does not have its name.
 */
export function readSets(
  sets: readonly string[],
  known: object = runOptions,
): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const set of sets) {
    const at = set.indexOf("=");
    const path = set.slice(0, Math.max(0, at)).split(".");
    if (path.includes("")) fail(action, "--set", "in the form 'option=value'", set);
    const [name = ""] = path;
    if (!Object.hasOwn(known, name)) {
      fail(action, "--set", `a run option, perhaps '${nearestOf(name, known)}'`, set);
    }
    put(options, path, valueOf(set.slice(at + 1)), set);
  }
  return options;
}

function put(
  options: Record<string, unknown>,
  path: readonly string[],
  value: unknown,
  set: string,
): void {
  let target = options;
  for (const name of path.slice(0, -1)) {
    target[name] ??= Object.create(null);
    if (typeof target[name] !== "object") fail(action, "--set", "given only once", set);
    target = target[name] as Record<string, unknown>;
  }
  const last = path.at(-1)!;
  if (Object.hasOwn(target, last)) fail(action, "--set", "given only once", set);
  target[last] = value;
}

function valueOf(text: string): unknown {
  if (text === "Infinity") return Infinity; // JSON lacks what stands for "no limit".
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * Calls `start`, which checks the options of `--set`: its sentence then says that one is from
 * there.
 */
export function checkedBy<R>(start: () => R, sets: readonly string[]): R {
  try {
    return start();
  } catch (error) {
    if (!isOf(error, ConfigurationError)) throw error;
    const { message } = error;
    const [, name = ""] = /^Cannot .*? as '([^']+)' must be /.exec(message) ?? [];
    const paths = sets.map((set) => set.slice(0, set.indexOf("=")));
    // Rules within an option call a member by its own name.
    const path = paths.find((path) => path === name || path.endsWith(`.${name}`)) ??
      paths.find((path) => path.startsWith(`${name}.`));
    if (path === undefined) throw error;
    throw new ConfigurationError(message.replace(`as '${name}'`, `as '--set ${path}'`));
  }
}
