import { propertyOf } from "../../errors.ts";

/** The classes of the standard and of PostgreSQL: a code of the operating system has none of them. */
const knownClass = /^(?:\d[\dA-Z]|F0|HV|P0|XX)[\dA-Z]{3}$/;
const anyClass = /^[\dA-Z]{5}$/; // `raise` takes every code, which the server sends with a severity.

/**
 * Returns the SQLSTATE of an error of the server; `undefined` for any other error. It is the `code` with
 * `pg`, `postgres` and PGlite, and the `errno` with Bun.SQL.
 */
export function sqlStateOf(error: unknown): string | undefined {
  const pattern = typeof propertyOf(error, "severity") === "string" ? anyClass : knownClass;
  const states = [propertyOf(error, "errno"), propertyOf(error, "code")]
    .filter((state) => typeof state === "string");
  return states.find((state) => pattern.test(state));
}

/** Returns true if a unique or an exclusion constraint was violated. */
export function isDuplicate(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === "23505" || state === "23P01";
}

/** Returns true if the server ended a statement on request, or after a `statement_timeout`. */
export function isCancelled(error: unknown): boolean {
  return sqlStateOf(error) === "57014";
}

/** Returns true if a statement was prepared before a table changed, and must be prepared again. */
export function isStalePlan(error: unknown): boolean {
  return sqlStateOf(error) === "0A000" && propertyOf(error, "routine") === "RevalidateCachedQuery";
}
