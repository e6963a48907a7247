import type { Rule } from "../../options.ts";
import type { Database, ResultRow } from "./database.ts";

/** The subset of a prepared statement of D1 that the adapter needs. */
export interface D1Statement {
  /** Returns the same statement with a value for each parameter. */
  bind(...values: unknown[]): D1Statement;
}

/** The subset of a binding of D1, or of a session of one, that the adapter needs. */
export interface D1Binding {
  /** Prepares a statement. */
  prepare(sql: string): D1Statement;
  /** Runs statements in one transaction. */
  batch(
    statements: D1Statement[],
  ): Promise<{ readonly results?: readonly unknown[] | undefined }[]>;
}

/** Rule of a binding of D1, recognised by its methods. */
export const d1Binding: Rule = {
  expected: "a binding of D1, such as 'env.DB'",
  test: (value) => {
    const { prepare, batch } = Object(value) as Partial<D1Binding>;
    return typeof prepare === "function" && typeof batch === "function";
  },
};

/** D1 as a database: each batch is one call. */
export function d1Database(binding: D1Binding): Database {
  return {
    batch: async (statements) => {
      const bound = statements.map(({ sql, values }) => binding.prepare(sql).bind(...values));
      const results = await binding.batch(bound);
      return results.map(({ results }) => (results ?? []) as ResultRow[]);
    },
  };
}
