import { describe, expect, it } from "vitest";
import { d1Sink, durableObjectSink } from "../../../src/adapters/cloudflare.ts";

const never = () => {
  throw new Error("Nothing is called");
};
const binding = { prepare: never, batch: never };
const storage = { sql: { exec: never }, transactionSync: never };

describe("d1Sink()", () => {
  it.each([
    [{ prepare: never }, { table: "t" }, /'binding' must be a binding of D1, such as 'env.DB'/],
    [storage, { table: "t" }, /'binding' must be a binding of D1/],
    [binding, {}, /'table' must be a non-empty string/],
    [binding, { table: "t", tables: {} }, /'tables' must be omitted beside 'table'/],
    [binding, { table: "t", key: ["id"] }, /'key' must be omitted if 'conflict' is "error"/],
    [binding, { table: "t", maxBytes: 3e6 }, /'maxBytes' must be an integer from 1000 to 2000000/],
    [binding, { table: "t", size: 3 }, /'size' must be a known option/],
    [binding, { write: 5 }, /'write' must be a function/],
    [binding, { tables: { a: { missing: "delete" } } }, /'tables.a.missing' must be omitted/],
  ])("refuses %o with %o, and calls nothing", (given, options, message) => {
    expect(() => d1Sink(given as never, options as never)).toThrow(message);
  });
});

describe("durableObjectSink()", () => {
  const old = {
    get sql() {
      throw new Error("SQL is not enabled for this Durable Object class");
    },
    transactionSync: never,
  };

  it.each([[binding], [old], [undefined]])(
    "refuses another one, and says what it needs (%#)",
    (given) => {
      expect(() => durableObjectSink(given as never, { table: "t" })).toThrow(
        "Cannot construct durableObjectSink as 'storage' must be the 'storage' of a Durable Object " +
          "whose class is in 'new_sqlite_classes'",
      );
    },
  );
});
