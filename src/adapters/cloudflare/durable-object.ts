import type { Rule } from "../../options.ts";
import type { Database, ResultRow } from "./database.ts";

/** The subset of the storage of a Durable Object with SQLite that the adapter needs. */
export interface DurableObjectStorage {
  /** Its database. */
  readonly sql: {
    /** Runs a statement with a value for each parameter. */
    exec(sql: string, ...values: unknown[]): {
      /** Returns all rows. */
      toArray(): unknown[];
    };
  };
  /** Calls a function in one transaction, which is rolled back if the function throws. */
  transactionSync<T>(body: () => T): T;
}

/** Rule of the storage of a Durable Object, recognised by its methods; a storage without SQLite throws. */
export const objectStorage: Rule = {
  expected: "the 'storage' of a Durable Object whose class is in 'new_sqlite_classes'",
  test: (value) => {
    try {
      const { sql, transactionSync } = Object(value) as Partial<DurableObjectStorage>;
      return typeof sql?.exec === "function" && typeof transactionSync === "function";
    } catch {
      return false;
    }
  },
};

/** The storage of an object as a database: nothing else of the object runs during a batch. */
export function objectDatabase(storage: DurableObjectStorage): Database {
  return {
    // deno-lint-ignore require-await -- What it throws rejects.
    batch: async (statements) =>
      storage.transactionSync(() =>
        statements.map(({ sql, values }) =>
          storage.sql.exec(sql, ...values).toArray() as ResultRow[]
        )
      ),
  };
}
