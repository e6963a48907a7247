import { describe, expect, it } from "vitest";
import {
  isCancelled,
  isDuplicate,
  isStalePlan,
  sqlStateOf,
} from "../../../src/adapters/postgres/sql-state.ts";

describe("sqlStateOf()", () => {
  it.each<[unknown, string | undefined]>([
    [{ code: "23505" }, "23505"],
    [{ errno: "23505", code: "ERR_POSTGRES_SERVER_ERROR" }, "23505"],
    [{ code: "ECONNRESET" }, undefined],
    [{ code: "EPIPE" }, undefined],
    [{ code: "MYOWN", severity: "ERROR" }, "MYOWN"],
    [{ code: 23505 }, undefined],
    [new Error("no"), undefined],
    [null, undefined],
  ])("of %j is %j", (error, state) => expect(sqlStateOf(error)).toBe(state));

  it("is undefined for an error whose properties throw", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(sqlStateOf(proxy)).toBeUndefined();
  });
});

it("errors of PostgreSQL are told apart by their SQLSTATE", () => {
  const stale = { code: "0A000", routine: "RevalidateCachedQuery" };
  const errors = [{ code: "23505" }, { code: "23P01" }, { code: "57014" }, stale, {
    code: "0A000",
  }];
  expect(errors.map(isDuplicate)).toEqual([true, true, false, false, false]);
  expect(errors.map(isCancelled)).toEqual([false, false, true, false, false]);
  expect(errors.map(isStalePlan)).toEqual([false, false, false, true, false]);
});
