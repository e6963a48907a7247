/** Value that is bound to a statement. */
export type Bound = null | number | string | Uint8Array;

/** A statement with its values. */
export interface Statement {
  /** The text. */
  readonly sql: string;
  /** A value for each parameter. */
  readonly values: readonly Bound[];
  /** Told, once all is committed, how many rows it has changed; not those of its triggers. */
  readonly onChanges?: (rows: number) => void;
  /** Told once all is committed. */
  readonly onDone?: () => void;
}

/** Row of a result: values by the names of columns. */
export type ResultRow = Readonly<Record<string, unknown>>;

/** A database that accepts a transaction only as a whole. */
export interface Database {
  /** Runs statements in one transaction, and returns the rows of each. If one fails, none has an effect. */
  batch(statements: readonly Statement[]): Promise<(readonly ResultRow[])[]>;
}

/** A statement without anything else to it. */
export function statement(sql: string, ...values: Bound[]): Statement {
  return { sql, values };
}

/**
 * Returns the number of rows that the previous statement changed. The counts of the clients include other
 * changes.
 */
const changesSql = "select changes() as changes";

/** Runs statements in one transaction, reports to listeners, and returns the rows of each. */
export async function runAll(
  db: Database,
  statements: readonly Statement[],
): Promise<(readonly ResultRow[])[]> {
  const sent = statements.flatMap((one) => one.onChanges ? [one, statement(changesSql)] : [one]);
  if (sent.length === 0) return [];
  const results = await db.batch(sent);
  let next = 0;
  return statements.map(({ onChanges, onDone }) => {
    const rows = results[next++]!;
    if (onChanges) onChanges(Number(results[next++]![0]!["changes"]));
    onDone?.();
    return rows;
  });
}

/**
 * Returns true if a statement has failed, so that nothing is committed. Errors have no code here.
 */
export function isOfStatement(error: unknown): boolean {
  return /\bSQLITE_[A-Z]+\b/.test(`${(error as Error | undefined)?.message}`);
}

/** Returns true if SQL does not fit the database: a name is missing. */
export function isOfSql(error: unknown): boolean {
  return /\bSQLITE_ERROR\b/.test(`${(error as Error | undefined)?.message}`);
}
