import type { SinkLoadContext } from "../../checkpoints/load-context.ts";
import type { LinkedTable } from "../../sql/linked-tables.ts";
import { fail } from "../../options.ts";
import {
  type ColumnFacts,
  columnsToAdd,
  factsSql,
  rowIds,
  widened,
} from "../../sql/sqlite/table-shape.ts";
import type { TableSettings } from "../../sql/tables-options.ts";
import { batchError, noteAt } from "../../sql/tree-failures.ts";
import { takeApart, type TreeStep } from "../../sql/tree-rows.ts";
import { Written } from "../../sql/written.ts";
import { type Database, isOfSql, type Statement, statement } from "./database.ts";
import type { Write } from "./checkpoints.ts";
import type { KnownTable } from "./known-table.ts";
import { lookUp } from "./look-up.ts";
import { addColumnSql, type TreePlan } from "./statements.ts";
import { StepReader } from "./tree-step.ts";

/** Checked rows, and the functions that write them. */
export interface Checked {
  readonly write: Write;
  /** Rows that have a property which no column took, by its name. */
  readonly drift: Readonly<Record<string, number>>;
  /** Outcome of the rows once they were written. */
  readonly written: Written;
}

/** Checks and writes rows for a sink. */
export interface Loader {
  /** Checks rows of a run, and writes nothing. */
  check(rows: readonly object[], context: SinkLoadContext): Promise<Checked>;
  /** Notes that a load has failed. */
  failed(error: unknown, runId: string): Promise<void>;
}

/** Options of a writer of tables. */
export interface TreeWriterOptions {
  readonly linked: readonly LinkedTable[];
  readonly tables: readonly TableSettings[];
  readonly maxBytes: number;
}

/** Writes rows for several tables that hang together. */
export class TreeWriter implements Loader {
  readonly #db: Database;
  readonly #options: TreeWriterOptions;
  #plan: Promise<TreePlan> | undefined;
  #runId: string | undefined; // The one that the tables were looked up for.

  /** Asks for nothing yet: the tables may be made later. */
  constructor(db: Database, options: TreeWriterOptions) {
    this.#db = db;
    this.#options = options;
  }

  /**
   * Checks rows of a run, and writes nothing.
   * @throws {BatchError} If rows do not fit: names each by the place of what it came with.
   * @throws {ConfigurationError} If a table, a column or an index is missing, so that no row fits.
   */
  async check(batch: readonly object[], { runId }: SinkLoadContext): Promise<Checked> {
    const plan = await this.#planFor(runId);
    const { steps, failures } = takeApart(this.#options.linked, batch);
    const first = this.#read(plan, steps, failures);
    if (!first.fresh.some(({ size }) => size > 0)) {
      if (failures.size > 0) throw batchError(failures);
      return { ...first, write: () => first.statements };
    }
    const tables = plan.tables.map((table, n) =>
      first.fresh[n]!.size === 0
        ? table
        : { ...table, shape: widened(table.shape, first.fresh[n]!) }
    );
    const wider = this.#read({ ...plan, tables }, steps, failures);
    if (failures.size > 0) throw batchError(failures);
    const write = async () => {
      const added = await this.#added(plan, first.fresh, steps); // Others may have, since.
      this.#forget(); // Whether it is committed or not.
      return [...added, ...wider.statements];
    };
    return { write, written: wider.written, drift: first.drift };
  }

  /**
   * Notes that a load has failed; the next one looks the tables up again.
   * @throws {ConfigurationError} If the reason is that a table was changed, so that no row fits.
   */
  async failed(error: unknown, runId: string): Promise<void> {
    this.#forget();
    if (isOfSql(error)) await this.#planFor(runId);
  }

  #read(plan: TreePlan, steps: readonly TreeStep[], failures: Map<number, Error>) {
    const fresh = plan.tables.map(() => new Set<string>());
    const drift: Record<string, number> = {};
    const written = new Written();
    const statements = steps.flatMap((step) => {
      const into = { failures, fresh, drift, written, maxBytes: this.#options.maxBytes };
      return new StepReader(plan, step, into).statements();
    });
    return { statements, drift, written, fresh };
  }

  /** Returns the statements that add the columns that rows need and that are still missing. */
  async #added(
    { linked, tables }: TreePlan,
    fresh: readonly ReadonlySet<string>[],
    steps: readonly TreeStep[],
  ): Promise<Statement[]> {
    const answers = await this.#db.batch(tables.map(({ name }) => statement(factsSql, name)));
    return tables.flatMap((table, n) => {
      const given = steps.map(({ tables }) => tables[n]!);
      const rows = given.flatMap(({ rows }) => rows);
      const facts = answers[n] as unknown as ColumnFacts[];
      const { missing, refused } = columnsToAdd(facts, fresh[n]!, rows);
      if (refused.size === 0) return missing.map((name) => statement(addColumnSql(table, name)));
      const places = given.flatMap(({ places }) => places);
      const failures = new Map<number, Error>();
      for (const [row, error] of refused) noteAt(linked, failures, n, places[row]!, error);
      throw batchError(failures);
    });
  }

  async #planFor(runId: string): Promise<TreePlan> {
    if (this.#plan === undefined || this.#runId !== runId) {
      this.#runId = runId;
      const { linked, tables } = this.#options;
      const plan = this.#plan = lookUp(this.#db, tables).then((tables) => {
        checkLinks(linked, tables);
        return { linked, tables };
      });
      plan.catch(() => this.#plan === plan && this.#forget());
    }
    return await this.#plan;
  }

  #forget(): void {
    this.#plan = undefined;
  }
}

function checkLinks(linked: readonly LinkedTable[], tables: readonly KnownTable[]): void {
  for (const [n, { name, parent }] of linked.entries()) {
    if (parent === undefined) continue;
    const check = (table: number, column: string, extra: readonly string[]) => {
      if (tables[table]!.shape.columns.includes(column) || extra.includes(column)) return;
      const rule = `columns of ${JSON.stringify(linked[table]!.name)}, in the same letters`;
      fail("load rows", `tables.${name}.parent.on`, rule, column);
    };
    for (const [column, other] of parent.on) {
      check(n, column, []);
      check(parent.place, other, rowIds);
    }
  }
}
