import { anyObject, fail } from "../options.ts";

/** Property that holds the key of a tombstone, and identifies one across copies of the package. */
const keyName: unique symbol = Symbol.for("millrace.tombstone") as typeof keyName;

/** Marker in place of a row, which deletes the row of a key. */
export interface Tombstone {
  /** Name of the class in a debugger. */
  readonly [Symbol.toStringTag]: "Tombstone";
}

type Keyed = Tombstone & { readonly [keyName]: Readonly<Record<string, unknown>> };

/**
 * Makes a tombstone, by which a sink deletes a row. Each property is a column of the key. With `tables`,
 * the rows that belong to the deleted one are deleted too. A key that does not exist is not an error.
 *
 * @example One user is written, another one deleted
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { etl } from "millrace";
 * import { sqliteSink, tombstone } from "millrace/sqlite";
 * import { deepEqual } from "node:assert/strict";
 *
 * const db = new DatabaseSync(":memory:");
 * db.exec("create table users (id integer primary key, name text); insert into users values (1, 'Ada')");
 * const { load } = sqliteSink(db, { table: "users" });
 * const changes = [{ id: 2, name: "Grace" }, tombstone({ id: 1 })];
 * await etl({ name: "changes", extract: () => changes, load }).run({ batchSize: 100 });
 *
 * deepEqual(db.prepare("select name from users").all().map(({ name }) => name), ["Grace"]);
 * ```
 *
 * @throws {ConfigurationError} If the key is not an object with at least one property.
 */
export function tombstone(key: Readonly<Record<string, unknown>>): Tombstone {
  if (!anyObject.test(key) || Object.keys(key).length === 0) {
    fail("make a tombstone", "key", "an object with a value for each column of the key", key);
  }
  const made: Keyed = { [keyName]: { ...key }, [Symbol.toStringTag]: "Tombstone" };
  return made;
}

/** Returns the key of a tombstone; `undefined` for anything else. */
export function tombstoneKey(row: unknown): Readonly<Record<string, unknown>> | undefined {
  return (row as Partial<Keyed> | null | undefined)?.[keyName];
}
