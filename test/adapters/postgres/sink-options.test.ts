import { describe, expect, it } from "vitest";
import { postgresSink, postgresSource } from "../../../src/adapters/postgres.ts";
import { ConfigurationError } from "../../../src/errors.ts";

const none = () => Promise.reject(new Error("No statement is sent"));
const pool = { totalCount: 0, query: none, connect: none };
const columns = ["a", "b"];

describe("postgresSink()", () => {
  it.each([
    [{}, "'table' must be a non-empty string: current value is undefined"],
    [{ table: "" }, `'table' must be a non-empty string: current value is ""`],
    [
      { table: "t", columns: ["a", "a"] },
      "'columns' must be a non-empty array of distinct non-empty strings: current value is an array of 2",
    ],
    [
      { table: "t", columns: [] },
      "'columns' must be a non-empty array of distinct non-empty strings: current value is an array of 0",
    ],
    [
      { table: "t", columns, conflict: "update" },
      `'conflict' must be "error" or "ignore" or "replace": current value is "update"`,
    ],
    [
      { table: "t", columns, key: ["a"] },
      `'key' must be omitted if 'conflict' is "error": current value is an array of 1`,
    ],
    [
      { table: "t", columns, conflict: "replace", key: ["c"] },
      `'key' must be some of 'columns': current value is "c"`,
    ],
    [
      { table: "t", columns, types: { c: "int" } },
      `'types' must be types of the 'columns': current value is "c"`,
    ],
    [
      { table: "t", columns, types: { a: 1 } },
      "'types' must be an object of types by column: current value is an object",
    ],
    [
      { table: "t", columns, method: "copy", conflict: "ignore" },
      `'conflict' must be "error" if 'method' is "copy": current value is "ignore"`,
    ],
    [
      { table: "t", columns, unknown: "ad" },
      `'unknown' must be "error" or "drop" or "add": current value is "ad"`,
    ],
    [
      { table: "t", columns, method: "copy", types: { a: "text" } },
      `'types' must be omitted if 'method' is "copy" (use method: "insert"): current value is an object`,
    ],
    [
      { table: "t", columns, copyFrom: () => new WritableStream() as never },
      `'copyFrom' must be omitted unless 'method' is "copy": current value is a function`,
    ],
    [
      { table: "t", columns, method: "copy" },
      `'method' must be "insert", as "copy" needs PGlite, the SQL of Bun, or pg with 'copyFrom': current value is "copy"`,
    ],
    [
      { tabel: "t", columns },
      `'tabel' must be a known option, perhaps 'table': current value is "t"`,
    ],
  ])("throws for %o with the whole sentence", (options, sentence) => {
    const error = new ConfigurationError(`Cannot construct postgresSink as ${sentence}`);
    expect(() => Reflect.apply(postgresSink, undefined, [pool, options])).toThrow(error);
  });

  it.each(["sqlite", "mysql", "mariadb"])("throws for a SQL of Bun for %s by name", (adapter) => {
    const client = { unsafe: none, begin: none, reserve: none, options: { adapter } };
    const end = `a Bun SQL client for PostgreSQL: current value is "${adapter}"`;
    expect(() => Reflect.apply(postgresSink, undefined, [client, { table: "t", columns }]))
      .toThrow(new ConfigurationError(`Cannot construct postgresSink as 'client' must be ${end}`));
    expect(() => Reflect.apply(postgresSource, undefined, [client, "select 1"]))
      .toThrow(
        new ConfigurationError(`Cannot construct postgresSource as 'client' must be ${end}`),
      );
  });

  const rule = "a Pool or a Client of pg, a client of postgres, a SQL of Bun, or a PGlite";
  it.each([
    [undefined, "undefined"],
    [{}, "an object"],
    [{ query: none }, "an object"],
    [() => {}, "a function"],
  ])("throws for %o as a client", (client, words) => {
    const end = `as 'client' must be ${rule}: current value is ${words}`;
    const sink = [client, { table: "t", columns }];
    expect(() => Reflect.apply(postgresSink, undefined, sink))
      .toThrow(new ConfigurationError(`Cannot construct postgresSink ${end}`));
    expect(() => Reflect.apply(postgresSource, undefined, [client, "select 1"]))
      .toThrow(new ConfigurationError(`Cannot construct postgresSource ${end}`));
  });
});

describe("the load of a postgresSink()", () => {
  it.each<[unknown[], string]>([
    [[], "undefined"],
    [[null], "null"],
    [[{ runId: "one" }], "an object"],
    [[5], "5"],
  ])("says that the context is missing: %j", async (context, shown) => {
    const { load } = postgresSink(pool as never, { table: "t", columns });
    const rule = "the context of a load (pass it on as the second argument)";
    const words = `Cannot load rows as 'context' must be ${rule}: current value is ${shown}`;
    await expect(Reflect.apply(load, undefined, [[{ a: 1 }], ...context]))
      .rejects.toThrow(new ConfigurationError(words));
  });
});
