import { fail } from "../../options.ts";
import { literal } from "./code.ts";
import { action, type Endpoint } from "./endpoint.ts";
import { type CopyOptions, isDatabase } from "./copy-options.ts";
import type { OpenSource } from "./parts.ts";

/** Flags that decide what a row is, with their values: what one copy writes has one shape. */
export type Shape = Readonly<Record<string, string>>;

/** The flags that decide what the rows of a copy are, by their names. */
export function shapeOf(options: CopyOptions): Shape {
  const { columns, types, orderBy, formats, from, to } = options;
  const isTyped = isOneOf(from, ["csv", "tsv"]) || isOneOf(to, ["parquet"]);
  const typed = isTyped ? [...types].map((pair) => pair.join("=")).sort() : [];
  const given: [flag: string, value: string | undefined][] = [
    ["--columns", columns?.join(",")],
    ["--types", typed.join(",") || undefined],
    ["--order-by", orderBy],
    ["--from-format", formats.from],
    ["--to-format", formats.to],
  ];
  return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as Shape;
}

function isOneOf(end: Endpoint, formats: readonly string[]): boolean {
  return "format" in end && formats.includes(end.format);
}

/** The source, whose fingerprint also tells a copy of another shape from this one. */
export function shaped(source: OpenSource, shape: Shape): OpenSource {
  const flags = textOf(shape);
  if (flags === "") return source;
  const { fingerprint, code } = source;
  const told = code.fingerprint ?? (fingerprint && literal(fingerprint));
  return {
    ...source,
    fingerprint: fingerprint === undefined ? flags : `${fingerprint} ${flags}`,
    code: {
      ...code,
      fingerprint: told === undefined ? literal(flags) : `${told} + ${literal(` ${flags}`)}`,
    },
  };
}

function textOf(shape: Shape): string {
  return Object.entries(shape).map(([flag, value]) => `${flag} ${JSON.stringify(value)}`).join(" ");
}

const text = '"(?:[^"\\\\]|\\\\.)*"';
const shapeAtEnd = new RegExp(`(?:^| )(?:--[a-z-]+ ${text}(?: (?=--)|$))+$`);

/** The parts of a fingerprint: the version of the source, and the shape of the rows. */
function partsOf(fingerprint = ""): { readonly version: string; readonly shape: Shape } {
  const at = shapeAtEnd.exec(fingerprint)?.index ?? fingerprint.length;
  const flags = fingerprint.slice(at).matchAll(new RegExp(`(--[a-z-]+) (${text})`, "g"));
  const shape = [...flags].map(([, flag, value]) => [flag, JSON.parse(value!) as string]);
  return { version: fingerprint.slice(0, at), shape: Object.fromEntries(shape) as Shape };
}

/**
 * Checks that an earlier copy, which has written rows, had the same FROM and wrote the same kind of
 * rows.
 * @throws {ConfigurationError} If it did not: says what to do.
 */
export function checkSameRows(
  options: CopyOptions,
  source: OpenSource,
  found: string | undefined,
): void {
  const [before, now] = [partsOf(found), partsOf(source.fingerprint)];
  checkShape(options, before.shape, now.shape);
  if (before.version === now.version || before.version === "") return;
  const rule = "the version that an earlier copy has read (--fresh copies this one from its start)";
  fail(action, "FROM", rule, "another version");
}

function checkShape({ to, shown }: CopyOptions, before: Shape, now: Shape): void {
  const flags = Object.keys({ ...before, ...now });
  const flag = flags.find((name) => before[name] !== now[name]);
  if (flag === undefined) return;
  const way = isDatabase(to)
    ? "copy to another table, or empty this one and add --fresh"
    : "copy to another file, or add --fresh to write this one again";
  const was = before[flag] === undefined ? "left out" : JSON.stringify(before[flag]);
  fail(action, flag, `${was}, as in the copy that is in ${shown.to} (${way})`, now[flag]);
}
