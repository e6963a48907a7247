import { addedType, type AddedTypes } from "../../sql/added-types.ts";
import { quoteName } from "../../sql/names.ts";
import { cannotAdd } from "../../sql/row-errors.ts";
import type { KnownTable } from "./known-table.ts";
import { foldCase, name as nameRule } from "./names.ts";

const types: AddedTypes = {
  ...{ integer: "bigint", float: "double", numeric: "hugeint", boolean: "boolean" },
  ...{ text: "varchar", time: "timestamptz", bytes: "blob", json: "json" },
};

/**
 * Has the statements that add columns for properties. A column that another connection has added by
 * then is left.
 * @param refuse Is told, of each row that is to blame, why a name cannot be that of a new column, or
 * that one type cannot hold its values.
 */
export function addingStatements(
  known: KnownTable,
  names: ReadonlySet<string>,
  rows: readonly object[],
  refuse: (error: Error, row: number) => void,
): string[] {
  const there = new Map(known.columnNames.map((column) => [foldCase(column), column]));
  return [...names].map((name) => {
    const found = there.get(foldCase(name));
    const reason = found !== undefined
      ? `the table has ${JSON.stringify(found)}`
      : nameRule.test(name)
      ? undefined
      : `it has to be ${nameRule.expected}`;
    if (reason !== undefined) cannotAdd(rows, name, reason).forEach(refuse);
    const type = addedType(types, rows, name, reason === undefined ? refuse : () => {});
    there.set(foldCase(name), name);
    return `alter table ${quoteName(known.name)}
      add column if not exists ${quoteName(name)} ${type}`;
  });
}
