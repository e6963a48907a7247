/**
 * Statements on tables that hang together: what removes rows with all that belongs to them, finds
 * what the database has of them, and makes what they leave to it.
 * @module
 */
import type { LinkedTable } from "../../sql/linked-tables.ts";
import { quoteName } from "../../sql/names.ts";
import type { Written } from "../../sql/written.ts";
import { type DuckdbConnection, rowsOf } from "./client.ts";
import { Given, hasValues, type Values } from "./given-rows.ts";
import type { ColumnFacts, KnownTable } from "./known-table.ts";
import { own } from "./own-values.ts";

/** Tables as they were looked up, and the statements on several of them. */
export interface TreePlan {
  readonly linked: readonly LinkedTable[];
  readonly tables: readonly KnownTable[];
  readonly statements: TreeStatements;
}

/** Keys given for a table whose missing rows are deleted. */
export interface GivenChildren {
  /** The values by which its parents are known, and its own columns that have these. */
  readonly parents: Values;
  readonly columns: readonly string[];
  /** The keys of its rows; `undefined` where nothing tells them apart. */
  readonly keys: Values | undefined;
}

/** A condition on the rows of an alias, which may look into others. */
type Where = (alias: string) => string;

/** Finds and removes rows of tables. */
export class TreeStatements {
  readonly #connection: DuckdbConnection;
  readonly #tables: readonly LinkedTable[];

  constructor(connection: DuckdbConnection, tables: readonly LinkedTable[]) {
    this.#connection = connection;
    this.#tables = tables;
  }

  /** Removes rows by their keys, and before them all that belongs to them. */
  async removeKeys(table: number, keys: Values, written: Written): Promise<void> {
    if (keys.rows.length === 0) return;
    const given = new Given();
    const source = given.rows(keys);
    const where: Where = (alias) => existsIn(source, alias, namesOf(keys));
    await this.#remove(table, where, given.values, written);
  }

  /** Removes the rows of parents that are not among those that are given. */
  async removeMissing(
    table: number,
    { parents, columns, keys }: GivenChildren,
    written: Written,
  ): Promise<void> {
    if (parents.rows.length === 0) return;
    const given = new Given();
    const above = given.rows(parents);
    const own = keys === undefined || keys.rows.length === 0 ? undefined : given.rows(keys);
    const where: Where = (alias) =>
      existsIn(above, alias, columns) +
      (own === undefined ? "" : ` and not ${existsIn(own, alias, namesOf(keys!))}`);
    await this.#remove(table, where, given.values, written);
  }

  async #remove(table: number, where: Where, values: string[], written: Written): Promise<void> {
    const { name, children } = this.#tables[table]!;
    for (const child of children) {
      const { on } = this.#tables[child]!.parent!;
      await this.#remove(
        child,
        (alias) => {
          const above = `${alias}_`;
          const joins = on.map(([column, other]) =>
            `${alias}.${quoteName(column)} = ${above}.${quoteName(other)}`
          );
          const from = `from ${quoteName(name)} as ${above}`;
          return `exists (select 1 ${from} where ${[...joins, where(above)].join(" and ")})`;
        },
        values,
        written,
      );
    }
    const sql = `delete from ${quoteName(name)} as t where ${where("t")}`;
    const { rowsChanged } = await this.#connection.run(sql, values);
    written.add(name, "deleted", rowsChanged);
  }

  /** Returns the stored values of columns in the rows of keys, by the place of each key. */
  async find(
    table: number,
    columns: readonly string[],
    keys: Values,
  ): Promise<ReadonlyMap<number, readonly unknown[]>> {
    const given = new Given();
    const source = given.rows(keys);
    const sql = `select k.place, ${columns.map((column) => `t.${quoteName(column)}`).join(", ")}
      from ${source} as k join ${quoteName(this.#tables[table]!.name)} as t
      on ${hasValues("t", namesOf(keys), "k")}`;
    const rows = await rowsOf(this.#connection, sql, given.values);
    return new Map(rows.map(([place, ...values]) => [Number(place) - 1, values.map(own)]));
  }

  /** Generates the values of columns for a number of rows, as the table would. */
  async make(columns: readonly ColumnFacts[], count: number): Promise<unknown[][]> {
    const values = columns.map(({ byDefault, type }) => `(${byDefault ?? "null"})::${type}`);
    const rows = await rowsOf(
      this.#connection,
      `select ${values.join(", ")} from range(${count})`,
    );
    return rows.map((row) => row.map(own));
  }

  /** Returns true if any of these tests holds. */
  async holds(tests: readonly string[], { values }: Given): Promise<boolean> {
    const [[found] = []] = await rowsOf(this.#connection, `select ${tests.join(" or ")}`, values);
    return found === true;
  }
}

function existsIn(source: string, alias: string, columns: readonly string[]): string {
  return `exists (select 1 from ${source} as ${alias}k where ${
    hasValues(alias, columns, `${alias}k`)
  })`;
}

function namesOf({ columns }: Values): string[] {
  return columns.map(({ name }) => name);
}
