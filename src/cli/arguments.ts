import { fail } from "../options.ts";
import { nearestOf } from "../plain-options.ts";
import type { Command, CommandOption, Values } from "./command.ts";

/** A part of the command line, as `parseArgs` of `node:util` reports it. */
interface Token {
  readonly kind: "option" | "positional" | "option-terminator";
  readonly name?: string;
  readonly rawName?: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean;
}

interface NodeUtil {
  parseArgs(config: {
    args: string[];
    options: Readonly<Record<string, { type: "string" | "boolean" }>>;
    strict: false;
    allowPositionals: true;
    tokens: true;
  }): { values: Values; positionals: string[]; tokens: Token[] };
}

const action = "read the command line";
const help: CommandOption = { type: "boolean", short: "h", description: "show this help" };

/** The flags of a command, with `--help`. */
export function optionsOf(command: Pick<Command, "options">): Record<string, CommandOption> {
  return { ...command.options, help };
}

/**
 * Reads the arguments of a command.
 * @throws {ConfigurationError} If a flag is unknown or lacks its value, or there are too few or too
 *   many arguments. `--help` is returned instead, whatever else is wrong.
 */
export async function readArguments(
  name: string,
  command: Pick<Command, "options" | "positionals" | "usage">,
  args: readonly string[],
): Promise<{ values: Values; positionals: readonly string[] }> {
  // @ts-ignore: the package is checked without the types of any host.
  const { parseArgs }: NodeUtil = await import("node:util");
  const options = optionsOf(command);
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options,
    strict: false, // Its own sentences name no nearest flag.
    allowPositionals: true,
    tokens: true,
  });
  if (values["help"] === true) return { values, positionals };
  const flags = tokens.filter(({ kind }) => kind === "option");
  for (const token of flags) checkFlag(name, token, options);
  checkRepeats(flags, options);
  checkPositionals(command, positionals);
  return { values, positionals };
}

function checkFlag(
  command: string,
  { name = "", rawName = "", value, inlineValue }: Token,
  options: Readonly<Record<string, CommandOption>>,
): void {
  const option = Object.hasOwn(options, name) ? options[name]! : undefined;
  if (!option) {
    const names = Object.entries(options).flatMap(([name, { short }]) =>
      rawName.startsWith("--") ? [`--${name}`] : short === undefined ? [] : [`-${short}`]
    );
    const nearest = nearestOf(rawName, Object.fromEntries(names.map((name) => [name, true])));
    fail(action, "flag", `a flag of '${command}', perhaps '${nearest}'`, rawName);
  }
  if (option.type === "boolean") {
    if (value !== undefined) fail(action, rawName, "given without a value", value);
    return;
  }
  // What follows is more likely the next flag than a value that looks like one.
  const isNextFlag = !inlineValue && value?.startsWith("--");
  if (value && !isNextFlag) return;
  const form = `${rawName} ${shownValue(option)}`;
  fail(action, rawName, `given with a value, as '${form}'`, value);
}

function checkRepeats(
  flags: readonly Token[],
  options: Readonly<Record<string, CommandOption>>,
): void {
  const seen = new Set<string>();
  for (const { name = "", rawName = "", value } of flags) {
    if (seen.has(name) && options[name]!.multiple !== true) {
      fail(action, rawName, "given only once", value ?? true);
    }
    seen.add(name);
  }
}

function checkPositionals(
  { positionals: [min, max], usage }: Pick<Command, "positionals" | "usage">,
  given: readonly string[],
): void {
  if (given.length >= min && given.length <= max) return;
  const forms = usage.map((form) => `'millrace ${form}'`).join(" or ");
  fail(action, "arguments", `as in ${forms}`, given.join(" "));
}

/** The value of a flag as `--help` shows it. */
export function shownValue({ type, value }: CommandOption): string {
  if (type === "boolean") return "";
  return value ?? "value";
}
