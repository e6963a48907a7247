import { sqlStateOf } from "../../../src/adapters/postgres/sql-state.ts";

/** Whether an error has a SQLSTATE that begins so, wherever its client keeps that. */
export const hasState = (start: string) => (error: unknown): boolean =>
  sqlStateOf(error)?.startsWith(start) === true;
