import { fail } from "../../options.ts";
import type { Values } from "../command.ts";
import { type ColumnType, typesOf } from "./columns.ts";
import { action, type Endpoint, endpointOf, withoutPassword } from "./endpoint.ts";
import { formatOf } from "./formats.ts";

/** Options of a copy. */
export interface CopyOptions {
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** FROM and TO as they are shown: without passwords. */
  readonly shown: { readonly from: string; readonly to: string };
  /** Key of the checkpoint. */
  readonly key: string;
  /** If true, the user has given it, and thereby says that FROM is the same again. */
  readonly hasOwnKey: boolean;
  readonly columns: readonly string[] | undefined;
  readonly types: ReadonlyMap<string, ColumnType>;
  readonly conflict: "error" | "ignore" | "replace" | undefined;
  readonly unknown: "error" | "drop" | "add" | undefined;
  readonly create: boolean;
  readonly orderBy: string | undefined;
  readonly letters: string | undefined;
  readonly batchSize: number | undefined;
  readonly workers: number | undefined;
  readonly fresh: boolean;
  /** The formats of flags, where the names do not say them. */
  readonly formats: { readonly from: string | undefined; readonly to: string | undefined };
}

/**
 * Reads the flags of `copy`.
 * @throws {ConfigurationError} If one breaks its rule, or has no effect.
 */
export function copyOptions(values: Values, fromSpec: string, toSpec: string): CopyOptions {
  const text = (name: string) => values[name] as string | undefined;
  const from = endpointOf("FROM", fromSpec, { format: text("from-format"), query: text("query") });
  const to = endpointOf("TO", toSpec, { format: text("to-format") });
  const shown = { from: withoutPassword(fromSpec), to: withoutPassword(toSpec) };
  if (fromSpec === toSpec && fromSpec !== "-") fail(action, "TO", "other than FROM", shown.to);
  const query = text("query");
  const options: CopyOptions = {
    ...{ from, to, shown },
    key: text("key") ?? `copy ${shown.from}${query ? ` (${query})` : ""} to ${shown.to}`,
    hasOwnKey: text("key") !== undefined,
    columns: namesOf(text("columns")),
    types: typesOf(text("types")),
    conflict: choice(values, "conflict", ["error", "ignore", "replace"]),
    unknown: choice(values, "unknown", ["error", "drop", "add"]),
    create: values["create"] === true,
    orderBy: text("order-by"),
    letters: text("letters"),
    batchSize: count(values, "batch-size"),
    workers: count(values, "workers"),
    fresh: values["fresh"] === true,
    formats: {
      from: unnamed(text("from-format"), fromSpec),
      to: unnamed(text("to-format"), toSpec),
    },
  };
  if (to.kind === "standard" && values["json"] === true) {
    fail(action, "--json", 'omitted if TO is "-"', true);
  }
  checkEffects(options);
  return options;
}

/** The format of a flag, if it is not the one that the name of the file tells. */
function unnamed(flag: string | undefined, spec: string): string | undefined {
  if (flag === undefined) return undefined;
  const [given, named] = [formatOf(flag), formatOf(spec)].map((format) => JSON.stringify(format));
  return given === named ? undefined : flag.toLowerCase();
}

/** Returns true if an endpoint is a database. */
export function isDatabase({ kind }: Endpoint): boolean {
  return kind === "sqlite" || kind === "postgres";
}

function checkEffects(options: CopyOptions): void {
  const { from, to } = options;
  const refuse = (flag: string, rule: string, value: unknown) => {
    if (value !== undefined && value !== false) fail(action, flag, rule, value);
  };
  if (!isDatabase(from)) {
    refuse("--order-by", "omitted unless FROM is a database", options.orderBy);
  }
  if (!isDatabase(to)) {
    refuse("--create", "omitted unless TO is a database", options.create);
    refuse("--conflict", "omitted unless TO is a database", options.conflict);
    if (options.letters === "table") {
      refuse("--letters", "a file.ndjson unless TO is a database", options.letters);
    }
    if ("format" in to && ["ndjson", "json"].includes(to.format)) {
      refuse("--unknown", "omitted if TO is JSON, whose rows need no columns", options.unknown);
    }
    if (options.unknown === "add") {
      refuse("--unknown", '"error" or "drop" unless TO is a database', options.unknown);
    }
  }
  if (to.kind === "standard" && (options.workers ?? 1) > 1) {
    refuse("--workers", '1 if TO is "-"', options.workers);
  }
  if (options.types.size > 0 && !isTyped(options)) {
    const rule = "omitted unless FROM is CSV, TO is Parquet or --create is given";
    refuse("--types", rule, [...options.types].map((pair) => pair.join("=")).join(","));
  }
}

/** Returns true if types of columns change anything. */
function isTyped({ from, to, create }: CopyOptions): boolean {
  const formats = [from, to].map((end) => "format" in end ? end.format : "");
  return create || ["csv", "tsv"].includes(formats[0]!) || formats[1] === "parquet";
}

function namesOf(given: string | undefined): string[] | undefined {
  if (given === undefined) return undefined;
  const names = given.split(",").map((name) => name.trim());
  if (names.includes("") || new Set(names).size < names.length) {
    fail(action, "--columns", "different names with commas between them", given);
  }
  return names;
}

function choice<C extends string>(
  values: Values,
  name: string,
  choices: readonly C[],
): C | undefined {
  const value = values[name] as C | undefined;
  if (value === undefined || choices.includes(value)) return value;
  return fail(action, `--${name}`, `one of ${choices.join(", ")}`, value);
}

function count(values: Values, name: string): number | undefined {
  const text = values[name] as string | undefined;
  if (text === undefined || /^[1-9]\d{0,8}$/.test(text)) return text && Number(text) || undefined;
  return fail(action, `--${name}`, "a whole number above 0", text);
}
