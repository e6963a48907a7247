import type { LinkedTable } from "../linked-tables.ts";
import { quoteName } from "../names.ts";

/** Makes an SQL condition on rows of a table with an alias; the depth keeps aliases apart. */
export type Where = (alias: string, depth: number) => string;

/** Returns the condition on the rows of a child that belong to some rows of its parent. */
export function below(
  parent: string,
  on: NonNullable<LinkedTable["parent"]>["on"],
  where: Where,
): Where {
  return (alias, depth) => {
    const outer = on.map(([column]) => `${alias}.${quoteName(column)}`).join(", ");
    const above = `t${depth + 1}`;
    const inner = on.map(([, column]) => `${above}.${quoteName(column)}`).join(", ");
    return `(${outer}) in (select ${inner} from ${quoteName(parent)} as ${above} where ${
      where(above, depth + 1)
    })`;
  };
}
