/**
 * The same rows with values that SQLite has: what else is an object becomes JSON, and a boolean a
 * number.
 */
export function withSqliteValues(rows: Readonly<Record<string, object>>): Record<string, object> {
  return Object.fromEntries(
    Object.entries(rows).map(([table, given]) => [
      table,
      Array.isArray(given) ? given.map(rowOf) : rowOf(given),
    ]),
  );
}

function rowOf(row: object): object {
  const values: Record<string, unknown> = {};
  for (const [column, value] of Object.entries(row)) {
    if (typeof value === "boolean") values[column] = value ? 1 : 0;
    else values[column] = typeof value === "object" ? JSON.stringify(value) : value;
  }
  return values;
}
