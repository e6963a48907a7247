/**
 * Values of the client as JavaScript's own.
 * @module
 */

/** A row, by the names of its columns. */
export type DuckdbRow = Record<string, unknown>;

/** A row of values of the client. */
export function rowOf(names: readonly string[], values: readonly unknown[]): DuckdbRow {
  const row: DuckdbRow = {};
  for (let n = 0; n < names.length; n++) row[names[n]!] = own(values[n]);
  return row;
}

/** Value of the client whose type JavaScript lacks, recognised by its members. */
interface ClientValue {
  readonly bytes?: Uint8Array;
  readonly items?: readonly unknown[];
  readonly entries?:
    | readonly { readonly key: unknown; readonly value: unknown }[]
    | Readonly<Record<string, unknown>>;
}

/** A value as JavaScript's own; else as the database writes it. */
export function own(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { bytes, items, entries } = value as ClientValue;
  if (items !== undefined) return items.map(own);
  if (bytes !== undefined) return new Uint8Array(bytes);
  if (entries === undefined) return String(value);
  if (Array.isArray(entries)) {
    return entries.map(({ key, value }) => ({ key: own(key), value: own(value) }));
  }
  return Object.fromEntries(Object.entries(entries).map(([name, item]) => [name, own(item)]));
}
