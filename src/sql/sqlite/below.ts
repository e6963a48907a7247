import type { LinkedTable } from "../linked-tables.ts";
import { quoteName } from "../names.ts";

/** Which rows of a table, told of by an alias; depth keeps aliases apart. */
export type Where = (alias: string, depth: number) => string;

/** Which rows of a child belong to some of its parent. */
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
