import type { SinkLoadContext } from "../../checkpoints/load-context.ts";
import { fail } from "../../options.ts";
import { addColumns } from "./add-columns.ts";
import type { LinkedTable } from "../../sql/linked-tables.ts";
import { unfitValue } from "../../sql/row-errors.ts";
import { batchError, noteAt, wrongKey } from "../../sql/tree-failures.ts";
import { Written } from "../../sql/written.ts";
import { takeApart, type TreeStep } from "../../sql/tree-rows.ts";
import { isOfSql, type SqliteDatabase, type SqliteValue } from "./client.ts";
import type { KnownTable } from "./known-table.ts";
import type { Batch } from "../../sql/sqlite/rows.ts";
import { rowIds } from "../../sql/sqlite/table-shape.ts";
import type { Writer } from "./writer.ts";
import { type ReadStep, StepWrite } from "./tree-step.ts";
import { type Stored, type TreePlan, TreeStatements } from "./tree-statements.ts";
import { expectedOf, isStorable } from "../../sql/sqlite/values.ts";

/** Rows that were checked, to be written within a transaction. */
export interface Checked {
  readonly write: () => unknown;
  /** Rows that have a property which no column took, by its name. */
  readonly drift: Readonly<Record<string, number>>;
  /** Outcome of the rows once they were written. */
  readonly written: Written;
}

/** Checks and writes rows for a sink. */
export interface Loader {
  /** Checks rows of a run, and writes nothing. */
  check(rows: readonly object[], context: SinkLoadContext): Checked;
  /** Notes that a load has failed. */
  failed(error: unknown, runId: string): void;
}

/** Writes rows for several tables that hang together. */
export class TreeWriter implements Loader {
  readonly #db: SqliteDatabase;
  readonly #linked: readonly LinkedTable[];
  readonly #writers: readonly Writer[];
  #plan: TreePlan | undefined;

  /** Asks for nothing yet: the tables may be made later. */
  constructor(db: SqliteDatabase, linked: readonly LinkedTable[], writers: readonly Writer[]) {
    this.#db = db;
    this.#linked = linked;
    this.#writers = writers;
  }

  /**
   * Checks rows of a run, and writes nothing.
   * @throws {BatchError} If rows do not fit: names each by the place of what it came with.
   * @throws {ConfigurationError} If a table, a column or an index is missing, so that no row fits.
   */
  check(batch: readonly object[], { runId }: SinkLoadContext): Checked {
    const plan = this.#planFor(runId);
    const { steps, failures } = takeApart(this.#linked, batch);
    const drift: Record<string, number> = {};
    const read = steps.map((step) => readStep(plan, step, failures, drift));
    const fresh = plan.tables.map((_, n) =>
      new Set(read.flatMap((one) => [...one.batches[n]!.fresh]))
    );
    if (fresh.some(({ size }) => size > 0)) {
      return { ...this.#growing(plan, steps, fresh, failures), drift };
    }
    if (failures.size > 0) throw batchError(failures);
    const written = new Written();
    const write = () =>
      steps.forEach((step, n) => new StepWrite(plan, step, read[n]!, written).run());
    return { write, drift, written };
  }

  /** Checks rows that need more columns, and gives what adds these and writes the rows. */
  #growing(
    plan: TreePlan,
    steps: readonly TreeStep[],
    fresh: readonly ReadonlySet<string>[],
    failures: Map<number, Error>,
  ): Omit<Checked, "drift"> {
    const tables = plan.tables.map((table, n) =>
      fresh[n]!.size === 0 ? table : table.withColumns(fresh[n]!)
    );
    const wider = { ...plan, tables };
    const read = steps.map((step) => readStep(wider, step, failures, {}));
    if (failures.size > 0) throw batchError(failures);
    const written = new Written();
    const write = () => {
      for (const writer of this.#writers) writer.forget(); // Whether it is committed or not.
      fresh.forEach((names, n) => this.#addColumns(n, names, steps));
      steps.forEach((step, n) => new StepWrite(wider, step, read[n]!, written).run());
    };
    return { write, written };
  }

  #addColumns(n: number, names: ReadonlySet<string>, steps: readonly TreeStep[]): void {
    if (names.size === 0) return;
    const { name } = this.#linked[n]!;
    const given = steps.map(({ tables }) => tables[n]!);
    const refused = addColumns(this.#db, name, names, given.flatMap(({ rows }) => rows));
    if (refused.size === 0) return;
    const places = given.flatMap(({ places }) => places);
    const failures = new Map<number, Error>();
    for (const [row, error] of refused) noteAt(this.#linked, failures, n, places[row]!, error);
    throw batchError(failures);
  }

  /**
   * Notes that a load has failed; the next one looks the tables up again.
   * @throws {ConfigurationError} If the reason is that a table was changed, so that no row fits.
   */
  failed(error: unknown, runId: string): void {
    for (const writer of this.#writers) writer.forget();
    if (isOfSql(error)) this.#planFor(runId);
  }

  #planFor(runId: string): TreePlan {
    const tables = this.#writers.map((writer) => writer.tableFor(runId));
    const isSame = tables.every((table, n) => table === this.#plan?.tables[n]);
    if (this.#plan !== undefined && isSame) return this.#plan;
    checkLinks(this.#linked, tables);
    const statements = new TreeStatements(this.#db, this.#linked);
    return this.#plan = { linked: this.#linked, tables, statements };
  }
}

function checkLinks(linked: readonly LinkedTable[], tables: readonly KnownTable[]): void {
  for (const [n, { name, parent }] of linked.entries()) {
    if (parent === undefined) continue;
    const check = (table: number, column: string, extra: readonly string[]) => {
      if (tables[table]!.columns.includes(column) || extra.includes(column)) return;
      const rule = `columns of ${JSON.stringify(linked[table]!.name)}, in the same letters`;
      fail("load rows", `tables.${name}.parent.on`, rule, column);
    };
    for (const [column, other] of parent.on) {
      check(n, column, []);
      check(parent.place, other, rowIds);
    }
  }
}

function readStep(
  plan: TreePlan,
  step: TreeStep,
  failures: Map<number, Error>,
  drift: Record<string, number>,
): ReadStep {
  const isMany = plan.linked.length > 1;
  const note = (n: number, place: number, error: Error) =>
    noteAt(plan.linked, failures, n, place, error);
  const deletes = step.deletes.map((given, n) =>
    given?.keys.flatMap((key, m) => {
      const place = given.places[m]!;
      const values = keyValues(plan.tables[n]!, key, place);
      if (!(values instanceof Error)) return [values];
      note(n, place, values);
      return [];
    }) ?? []
  );
  const batches = step.tables.map(({ rows, places, parents }, n): Batch => {
    const { parent, name } = plan.linked[n]!;
    const closed = rows.map((row, m) => {
      if (parents[m] === -1) return row;
      const values: Record<string, unknown> = { ...row };
      for (const [column] of parent!.on) values[column] ??= 0; // In place of what will be made.
      return values;
    });
    const batch = plan.tables[n]!.read(closed);
    for (const [m, error] of batch.failures) note(n, places[m]!, error);
    for (const [property, count] of Object.entries(batch.drift)) {
      const counted = isMany ? `${name}.${property}` : property;
      drift[counted] = (drift[counted] ?? 0) + count;
    }
    return batch;
  });
  return { deletes, batches };
}

/** The values of a key by which a row is deleted, or its error. */
function keyValues(
  table: KnownTable,
  key: Readonly<Record<string, unknown>>,
  place: number,
): Stored | Error {
  const { identity } = table;
  const wrong = wrongKey(identity, key, place);
  if (wrong !== undefined) return wrong;
  const unfit = identity.find((column) => !isStorable(key[column]));
  if (unfit === undefined) return identity.map((column) => key[column] as SqliteValue);
  return unfitValue(key[unfit], unfit, expectedOf(key[unfit]), place);
}
