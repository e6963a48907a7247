import { call, literal } from "./code.ts";
import type { Row } from "./endpoint.ts";
import { callsOf, type ValueStep } from "./values.ts";

/** Steps of a copy for each row. */
export interface RowPlan {
  /** Functions for each value, in order, by name. */
  readonly steps: Readonly<Record<string, ValueStep>>;
  /** Facts about columns for the steps. */
  readonly kinds: Readonly<Record<string, string>>;
  /** The columns that are copied, if these are not all; others are left out. */
  readonly pick?: readonly string[] | undefined;
  /** The only columns that rows may have. */
  readonly only?: readonly string[] | undefined;
  /** A column that is read for the position alone. */
  readonly drop?: string | undefined;
}

/** Returns true if rows pass as they are. */
export function isPlain({ steps, pick, only, drop }: RowPlan): boolean {
  return Object.keys(steps).length === 0 && !pick && !only && drop === undefined;
}

/** Makes what maps a row. */
export function rowMapper(plan: RowPlan): (row: Row) => Row {
  const { pick, only, drop } = plan;
  const steps = Object.values(plan.steps);
  const kinds = new Map(Object.entries(plan.kinds));
  const known = only && new Set(only);
  return (row) => {
    checkRow(row);
    const names = pick ?? Object.keys(row).filter((name) => name !== drop);
    if (known) checkColumns(names, known);
    return Object.fromEntries(names.map((name) => {
      const value = steps.reduce((value, step) => step(value, name, kinds.get(name)), row[name]);
      return [name, value];
    }));
  };
}

function checkRow(row: unknown): void {
  if (typeof row === "object" && row !== null && !Array.isArray(row)) return;
  throw new TypeError(`Cannot copy a row as it must be an object: current value is ${row}`);
}

function checkColumns(names: readonly string[], known: ReadonlySet<string>): void {
  const strange = names.find((name) => !known.has(name));
  if (strange === undefined) return;
  const rule = `one of the columns (${[...known].join(", ")})`;
  throw new TypeError(
    `Cannot copy a row as its columns must be ${rule}: current value is ${strange}`,
  );
}

/** The same, as a program says it: a function `transform`. */
export function rowMapperLines(plan: RowPlan): string[] {
  const { steps, pick, only, drop } = plan;
  if (isPlain(plan)) return [];
  const names = Object.keys(steps);
  const kinds = Object.entries(plan.kinds);
  const lines = names.length === 0
    ? []
    : ["type ValueStep = (value: unknown, name: string, kind?: string) => unknown;"];
  for (const [name, step] of Object.entries(withInner(steps))) {
    lines.push(`const ${name}: ValueStep = ${String(step)};`, "");
  }
  if (kinds.length > 0) lines.push(`const kinds = ${call("new Map", kinds)};`);
  const listed = pick ?? only;
  if (listed) lines.push(`const columns: readonly string[] = ${literal(listed)};`);
  const kind = kinds.length > 0 ? ", kinds.get(name)" : "";
  const value = names.reduce((inner, step) => `${step}(${inner}, name${kind})`, "row[name]");
  lines.push(
    "function transform(row: Record<string, unknown>): Record<string, unknown> {",
    '  if (typeof row !== "object" || row === null) throw new TypeError("a row must be an object");',
    `  const names = ${pick ? "columns" : "Object.keys(row)"}${
      drop === undefined ? "" : `.filter((name) => name !== ${literal(drop)})`
    };`,
  );
  if (only && !pick) {
    lines.push(
      "  const strange = names.find((name) => !columns.includes(name));",
      "  if (strange !== undefined) throw new TypeError(`no column is called ${strange}`);",
    );
  }
  lines.push(`  return Object.fromEntries(names.map((name) => [name, ${value}]));`, "}");
  return lines;
}

/** The steps, and before them those that they call. */
function withInner(steps: RowPlan["steps"]): RowPlan["steps"] {
  return Object.assign({}, ...Object.keys(steps).map(callsOf), steps) as RowPlan["steps"];
}
