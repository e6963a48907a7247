import { fail } from "../../options.ts";
import type { Chunks } from "../../streams/chunks.ts";
import { checkApart } from "./apart.ts";
import { columnsOfRows } from "./columns.ts";
import { type CopyOptions, isDatabase } from "./copy-options.ts";
import { action, type Row } from "./endpoint.ts";
import { fileSource } from "./file-source.ts";
import { fileTarget } from "./file-target.ts";
import type { CopyPlace, Facts, OpenSource, OpenTarget } from "./parts.ts";
import { postgresSource } from "./postgres-source.ts";
import { postgresTarget } from "./postgres-target.ts";
import type { RowPlan } from "./row-mapper.ts";
import { sampleOf } from "./sample.ts";
import { shaped, shapeOf } from "./shape.ts";
import { sqliteSource } from "./sqlite-source.ts";
import { sqliteTarget } from "./sqlite-target.ts";

/** A copy, ready to be run or printed. */
export interface CopyPlan {
  readonly options: CopyOptions;
  readonly source: OpenSource;
  readonly target: OpenTarget;
  readonly rows: RowPlan;
  close(): Promise<void>;
}

/**
 * Opens both ends of a copy. Of one that is only printed, nothing is made or written.
 * @throws {ConfigurationError} If one is missing, or the options do not fit.
 */
export async function planCopy(
  options: CopyOptions,
  place: CopyPlace,
  isPrinted: boolean,
): Promise<CopyPlan> {
  await checkApart(options, place);
  let source = shaped(await sourceOf(options, place), shapeOf(options));
  let target: OpenTarget | undefined;
  let found: Promise<Facts> | undefined;
  const factsOf = () =>
    found ??= lookedUp(source, options, (read) => void (source = { ...source, rows: () => read }));
  try {
    if (options.columns) checkColumns(options.columns, await factsOf());
    checkSame(options, source);
    target = await targetOf(options, place, factsOf, source.repeat, isPrinted);
    const rows = await rowPlanOf(options, source, target, factsOf);
    const ends = [source, target];
    return { options, source, target, rows, close: async () => void await closed(ends) };
  } catch (error) {
    await closed([source, target]);
    throw error;
  }
}

function closed(ends: readonly (OpenSource | OpenTarget | undefined)[]): Promise<unknown> {
  return Promise.all(ends.map((end) => end?.close()));
}

function sourceOf(options: CopyOptions, place: CopyPlace): Promise<OpenSource> {
  const { from } = options;
  if (from.kind === "sqlite") return sqliteSource(from, options, place);
  if (from.kind === "postgres") return postgresSource(from, options, place);
  return fileSource(from, options, place);
}

function targetOf(
  options: CopyOptions,
  place: CopyPlace,
  factsOf: () => Promise<Facts>,
  repeat: OpenSource["repeat"],
  isPrinted: boolean,
): Promise<OpenTarget> {
  const { to } = options;
  const wanted = async () => {
    const facts = wantedFacts(await factsOf(), options);
    const needsColumns = isDatabase(to) || "format" in to && to.format === "parquet";
    if (needsColumns && facts.columns.size === 0) {
      const rule = "a source with rows or a header, which tell the columns of TO";
      fail(action, "FROM", rule, options.shown.from);
    }
    return facts;
  };
  if (to.kind === "sqlite") return sqliteTarget(to, options, place, wanted, isPrinted);
  if (to.kind === "postgres") return postgresTarget(to, options, place, wanted, isPrinted);
  if (to.kind === "http") return fail(action, "TO", "other than a URL", to.url);
  return fileTarget(to, options, place, wanted, repeat);
}

/** An open cursor would keep the writer of the same file out. */
function checkSame({ from, to, shown }: CopyOptions, { repeat }: OpenSource): void {
  if (from.kind !== "sqlite" || to.kind !== "sqlite" || from.path !== to.path) return;
  if (repeat === "never") {
    fail(action, "--order-by", "a column to page by, as both are in one database", shown.from);
  }
}

function checkColumns(columns: readonly string[], { columns: there }: Facts): void {
  const missing = columns.find((name) => !there.has(name));
  if (missing === undefined) return;
  fail(action, "--columns", `columns of FROM (${[...there.keys()].join(", ")})`, missing);
}

/** Returns facts about all columns, from the source or from its first rows. */
async function lookedUp(
  source: OpenSource,
  { from }: CopyOptions,
  replace: (read: Chunks<Row>) => void,
): Promise<Facts> {
  const { facts } = source;
  if (facts && ![...facts.columns.values()].includes(undefined)) return facts;
  const read = await source.rows({ signal: new AbortController().signal });
  const { rows, rest, close } = await sampleOf(read);
  if (from.kind === "standard") replace(rest);
  else await close();
  const inRows = columnsOfRows(rows);
  const told = [...source.told?.() ?? []]; // Their order is that of the columns.
  const seen = new Map([
    ...told,
    ...inRows,
    ...told.map(([name, type]) => [name, inRows.get(name) ?? type] as const),
  ]);
  if (facts === undefined) return { columns: seen, primaryKey: [] };
  const columns = [...facts.columns].map(([name, type]) => [name, type ?? seen.get(name)] as const);
  return { ...facts, columns: new Map(columns) };
}

/** Returns facts about the copied columns, with the types that the user gives. */
function wantedFacts(facts: Facts, { from, to, columns, types }: CopyOptions): Facts {
  const names = columns ?? [...facts.columns.keys()];
  const strange = [...types.keys()].find((name) => !names.includes(name));
  if (strange !== undefined) {
    fail(action, "--types", `types of columns (${names.join(", ")})`, strange);
  }
  const declared = from.kind === to.kind && facts.declared
    ? new Map([...facts.declared].filter(([name]) => !types.has(name)))
    : undefined;
  return {
    columns: new Map(names.map((name) => [name, types.get(name) ?? facts.columns.get(name)])),
    declared,
    primaryKey: facts.primaryKey,
  };
}

async function rowPlanOf(
  options: CopyOptions,
  source: OpenSource,
  target: OpenTarget,
  factsOf: () => Promise<Facts>,
): Promise<RowPlan> {
  const { to, columns, unknown } = options;
  const hasColumns = "format" in to && ["csv", "tsv", "parquet"].includes(to.format);
  const isBound = hasColumns && source.isLoose && unknown !== "drop" && columns === undefined;
  return {
    steps: { ...source.steps, ...(needsSteps(options) ? target.steps : undefined) },
    kinds: { ...source.kinds, ...target.kinds },
    pick: columns,
    only: isBound ? [...(await factsOf()).columns.keys()] : undefined,
    drop: source.drop,
  };
}

/** Returns true if the source has values that the target would lose, or reject without need. */
function needsSteps({ from, to, types }: CopyOptions): boolean {
  if (to.kind === "postgres") return true; // It knows what it needs.
  if (from.kind === "sqlite" || from.kind === "postgres") return true;
  const isJsonTo = "format" in to && to.format !== "parquet"; // CSV writes JSON in its fields.
  if (from.format === "json" || from.format === "ndjson") return !isJsonTo;
  return from.format === "parquet" || types.size > 0;
}
