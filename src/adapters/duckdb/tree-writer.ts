import type { SinkLoadContext } from "../../checkpoints/load-context.ts";
import type { LinkedTable } from "../../sql/linked-tables.ts";
import { unfitValue } from "../../sql/row-errors.ts";
import { batchError, noteAt, wrongKey } from "../../sql/tree-failures.ts";
import { takeApart, type TreeStep } from "../../sql/tree-rows.ts";
import { Written } from "../../sql/written.ts";
import { addingStatements } from "./add-columns.ts";
import { type DuckdbConnection, isOfSql } from "./client.ts";
import type { Texts, Values } from "./given-rows.ts";
import type { KnownTable } from "./known-table.ts";
import type { Checked, Loader } from "./loader.ts";
import type { Batch } from "./rows.ts";
import { type CheckedPlan, planOf, refuseDelete } from "./tree-plan.ts";
import { type ReadStep, StepWrite } from "./tree-step.ts";
import type { Writer } from "./writer.ts";

/** Writes rows for several tables that hang together. */
export class TreeWriter implements Loader {
  readonly #connection: DuckdbConnection;
  readonly #linked: readonly LinkedTable[];
  readonly #writers: readonly Writer[];
  #plan: CheckedPlan | undefined;

  /** Takes a writer for each table, in the same order. */
  constructor(
    connection: DuckdbConnection,
    linked: readonly LinkedTable[],
    writers: readonly Writer[],
  ) {
    this.#connection = connection;
    this.#linked = linked;
    this.#writers = writers;
  }

  /**
   * Checks rows of a run, and writes nothing.
   * @throws {BatchError} If rows do not fit: names them.
   * @throws {ConfigurationError} If tables are not as the options say, so that no row fits.
   */
  async check(rows: readonly object[], { runId }: SinkLoadContext): Promise<Checked> {
    const plan = await this.#planFor(runId);
    const { steps, failures } = takeApart(this.#linked, rows);
    const drift: Record<string, number> = {};
    const read = steps.map((step) => readStep(plan, step, failures, drift));
    const growth = this.#growthOf(plan, steps, read, failures);
    if (failures.size > 0) throw batchError(failures);
    const written = new Written();
    const write = async () => {
      written.clear();
      if (growth.length > 0) return await this.#writeGrowing(growth, steps, written);
      for (const [n, step] of steps.entries()) {
        await new StepWrite(plan, step, read[n]!, written).run();
      }
    };
    return { write, drift, written };
  }

  /** The statements that add the columns which rows need. */
  #growthOf(
    { tables }: CheckedPlan,
    steps: readonly TreeStep[],
    read: readonly ReadStep[],
    failures: Map<number, Error>,
  ): string[] {
    return tables.flatMap((known, n) => {
      const fresh = new Set(read.flatMap(({ batches }) => [...batches[n]!.fresh]));
      if (fresh.size === 0) return [];
      const given = steps.map((step) => step.tables[n]!);
      const places = given.flatMap(({ places }) => places);
      const rows = given.flatMap(({ rows }) => rows);
      return addingStatements(known, fresh, rows, (error, row) => {
        noteAt(this.#linked, failures, n, places[row]!, error);
      });
    });
  }

  /** Adds columns, looks at the tables again, and writes rows, all in one transaction. */
  async #writeGrowing(
    growth: readonly string[],
    steps: readonly TreeStep[],
    written: Written,
  ): Promise<void> {
    for (const writer of this.#writers) writer.forget(); // Whether it is committed or not.
    for (const sql of growth) await this.#connection.run(sql);
    const tables: KnownTable[] = [];
    for (const writer of this.#writers) tables.push(await writer.look());
    const plan = await planOf(this.#connection, this.#linked, tables);
    const failures = new Map<number, Error>();
    const read = steps.map((step) => readStep(plan, step, failures, {}));
    if (failures.size > 0) throw batchError(failures);
    for (const [n, step] of steps.entries()) {
      await new StepWrite(plan, step, read[n]!, written).run();
    }
  }

  /**
   * Notes that a load has failed; the next one looks the tables up again.
   * @throws {ConfigurationError} If the reason is that a table was changed, so that no row fits.
   */
  async failed(error: unknown, runId: string): Promise<void> {
    for (const writer of this.#writers) writer.forget();
    if (isOfSql(error)) await this.#planFor(runId);
  }

  async #planFor(runId: string): Promise<CheckedPlan> {
    const tables = await Promise.all(this.#writers.map((writer) => writer.tableFor(runId)));
    const isSame = tables.every((table, n) => table === this.#plan?.tables[n]);
    if (this.#plan !== undefined && isSame) return this.#plan;
    return this.#plan = await this.#writers[0]!.inTurn(() =>
      planOf(this.#connection, this.#linked, tables)
    );
  }
}

function readStep(
  plan: CheckedPlan,
  step: TreeStep,
  failures: Map<number, Error>,
  drift: Record<string, number>,
): ReadStep {
  const { linked, tables, keptBy } = plan;
  const note = (n: number, place: number, error: Error) =>
    noteAt(linked, failures, n, place, error);
  const deletes = tables.map((known, n): Values => {
    const columns = known.identity.map((name) => known.columnOf(name)!);
    const rows: Texts[] = [];
    const given = step.deletes[n];
    if (given !== undefined) refuseDelete(`tombstones of ${linked[n]!.name}`, keptBy[n], given);
    given?.keys.forEach((key, m) => {
      const values = keyTexts(columns, key, given.places[m]!);
      if (values instanceof Error) note(n, given.places[m]!, values);
      else rows.push(values);
    });
    return { columns, rows, items: rows.map(() => 0) };
  });
  const batches = step.tables.map(({ rows, places, parents }, n): Batch => {
    const { parent, name } = linked[n]!;
    const closed = rows.map((row, m) => {
      if (parents[m] === -1) return row;
      const values: Record<string, unknown> = { ...row };
      for (const [column] of parent!.on) values[column] ??= "0"; // In place of what will be made.
      return values;
    });
    const batch = tables[n]!.read(closed);
    for (const [m, error] of batch.failures) note(n, places[m]!, error);
    for (const [property, count] of Object.entries(batch.drift)) {
      const counted = linked.length > 1 ? `${name}.${property}` : property;
      drift[counted] = (drift[counted] ?? 0) + count;
    }
    return batch;
  });
  return { deletes, batches };
}

/** The texts of a key by which a row is deleted, or its error. */
function keyTexts(
  columns: Values["columns"],
  key: Readonly<Record<string, unknown>>,
  place: number,
): Texts | Error {
  const wrong = wrongKey(columns.map(({ name }) => name), key, place);
  if (wrong !== undefined) return wrong;
  const texts = columns.map(({ name, kind }) => kind.encode(key[name]));
  const unfit = columns[texts.indexOf(undefined)];
  if (unfit === undefined) return texts as Texts;
  return unfitValue(key[unfit.name], unfit.name, unfit.kind.expected, place);
}
