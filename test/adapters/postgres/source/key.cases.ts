import { describe, expect, it } from "vitest";
import { postgresSource } from "../../../../src/adapters/postgres.ts";
import { testSource } from "../../../../src/adapters/testing.ts";
import type { Bench } from "../../../support/postgres/cases.ts";

/** Some values of each type, as the database reads them, in its order. */
const keys: Readonly<Record<string, readonly (string | number)[]>> = {
  "int2": [-5, 0, 1, 300],
  "int8": ["-9223372036854775808", 0, "9007199254740992", "9007199254740993", "9007199254740994"],
  "oid": [0, 1, 2, "4294967295"],
  "numeric": ["-Infinity", "-1.5", "0", "0.00000000000000000001", "1", "Infinity", "NaN"],
  "numeric(4,2)": ["-1.50", "0.01", "0.02", "99.99"],
  "float4": ["-Infinity", "-1.5", "1e-40", "0.1", "0.10000001", "Infinity", "NaN"],
  "float8": ["-Infinity", "5e-324", "0.3", "0.30000000000000004", "0.3000000000000001", "NaN"],
  "char(10)": ["AB-0001", "AB-0002", "AB-0003", "b"],
  "char": ["a", "b", "c", "d"],
  "varchar(3)": ["", "a", "ab", "b"],
  'text collate "C"': ["", " ", "B", "a", 'a"b', "a,b", "a\\b", "b\n", "é"],
  "name": ["a", "a1", "b", "c"],
  '"char"': ["A", "B", "a", "b"],
  "bit(5)": ["00001", "00010", "10101", "11111"],
  "varbit(8)": ["0", "01", "1", "101"],
  "uuid": [
    "00000000-0000-0000-0000-000000000001",
    "00000000-0000-0000-0000-000000000002",
    "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
  ],
  "date": ["-infinity", "0044-03-15 BC", "2024-02-29", "2024-12-01", "infinity"],
  "timestamp": [
    "0044-03-15 12:00:00 BC",
    "2024-01-01 00:00:00.000001",
    "2024-01-01 00:00:00.000002",
    "infinity",
  ],
  "timestamptz": [
    "2024-01-01 00:00:00.123455+05",
    "2024-01-01 00:00:00.123456+05",
    "2024-01-01 00:00:00.123457+05",
    "2024-01-02 00:00:00-11",
  ],
  "timestamptz(3)": [
    "2024-01-01 00:00:00.001Z",
    "2024-01-01 00:00:00.002Z",
    "2024-01-01 00:00:00.003Z",
    "2024-01-02Z",
  ],
  "time": ["00:00", "00:00:00.000001", "12:00", "24:00"],
  "timetz": ["01:00+02", "00:00+00", "00:00-01", "12:00+00"],
  "interval": ["-1 day", "-1 day +02:03:04", "00:00:00.000001", "1 mon", "1 year 2 mons"],
  "interval day": ["1 day", "2 days", "3 days", "4 days"],
  "inet": ["10.0.0.2/8", "10.0.0.1", "10.0.0.2", "::1"],
  "macaddr": ["08:00:2b:01:02:03", "08:00:2b:01:02:04", "08:00:2b:01:02:05", "ff:00:00:00:00:00"],
  "pg_lsn": ["0/0", "0/10", "0/9999", "16/B374D848"],
  "money": ["-1.50", "0", "1", "12345.67"],
  "jsonb": ["1", "12345678901234567890", "12345678901234567891", '{"a": "b"}'],
  "int4[]": ["{}", "{1}", "{1,2}", "{2}"],
  "char(3)[]": ["{aa1}", "{aa2}", "{aa3}", "{aa3,b}"],
  "text[]": ['{"A,b"}', '{"B\\"\\\\b"}', "{C,NULL}", "{D}"],
  "int4range": ["empty", "(,1)", "[1,5)", "[2,5)"],
  "millrace_key_level": ["low", "it's", "high", "top"],
  "millrace_key_code": ["AB1", "AB2", "AB3", "b"],
  "millrace_key_pair": ["(aa1,1)", "(aa1,2)", "(aa2,0)", "(b,)"],
};

/** With the other clients, as the texts are made by the server. */
const common = ["int8", "char(10)", "timestamptz", "text[]", "millrace_key_pair"];

/** Values of which some are equal, or of no order. */
const ties: Readonly<Record<string, readonly (string | null)[]>> = {
  "numeric": ["1", "1.0", "1.00", "2"],
  "float8": ["0", "-0", "1", "NaN"],
  "interval": ["1 day", "24:00", "2 days", "3 days"],
  "char(4)": ["a", "a ", "b", "c"],
  "jsonb": ["1", "1.0", "2", "3"],
  "int4": [null, "1", "2", "3", "4", "5", null],
  "text": ["a", "a", "a", "a", "b"],
  "timestamptz": [null, "2024-01-01", "2024-01-01 00:00:00.000001", "2024-01-02"],
};

const types = `drop type if exists millrace_key_level, millrace_key_pair cascade;
  drop domain if exists millrace_key_code cascade;
  create type millrace_key_level as enum ('low', 'it''s', 'high', 'top');
  create type millrace_key_pair as (code char(3), n int);
  create domain millrace_key_code as char(3)`;

const quoted = (value: unknown) =>
  value === null ? "null" : `'${String(value).replaceAll("'", "''")}'`;

/** Defines the tests of what a source can be read by. */
export function testPostgresSourceKeys({ tested, create }: Bench, isFull: boolean): void {
  const all = async (sql: string, chunkSize: number, key: string | string[]) => {
    const rows: Record<string, unknown>[] = [];
    const { source } = postgresSource(tested().client, sql, [], { chunkSize, key });
    for await (const page of source as ReadableStream<Record<string, unknown>[]>) {
      rows.push(...page);
      if (rows.length > 1000) throw new Error("It never ends");
    }
    return rows;
  };

  describe("by key", () => {
    testSource(it, {
      create: async (type) => {
        if (type.startsWith("millrace")) await tested().run(types);
        const table = await create(`key ${type}, value int`);
        return {
          insert: async (rows) => {
            const values = rows.map(({ key, value }) => `(${quoted(key)}, ${value})`);
            await tested().run(`insert into ${table} values ${values.join(", ") || "(null, 0)"}`);
          },
          read: ({ chunkSize, after }) =>
            postgresSource(tested().client, `select * from ${table}`, [], {
              ...{ chunkSize, after, key: "key" },
            }),
          close: () => tested().run(`drop table ${table}`),
        };
      },
      keys: isFull ? keys : Object.fromEntries(common.map((type) => [type, keys[type]!])),
      ties,
    });
  });

  it("reads pages by a key of bytes, of a domain and of two columns without modifiers", async () => {
    const table = await create("a char(6), b bytea, c varchar(5), primary key (a, b)");
    await tested().run(
      `insert into ${table} select 'k' || n / 5, decode(lpad(to_hex(n), 4, '0'), 'hex'), n
      from generate_series(0, 29) as n`,
    );
    for (const key of [["a", "b"], "b", ["b", "c"]]) {
      const rows = await all(`select * from ${table}`, 4, key);
      expect(rows.map(({ c }) => Number(c))).toEqual(Array.from({ length: 30 }, (_, n) => n));
    }
  });

  it("rejects keys that are equal only by the collation of the query", async () => {
    await tested().run(`create collation if not exists millrace_ci
      (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`);
    const sql = `select (case when n % 2 = 0 then 'c' else 'C' end || lpad((n / 2)::text, 3, '0'))
      collate millrace_ci as code, n from generate_series(0, 79) as n`;
    const [answer] = await tested().run(`select 'c' collate millrace_ci = 'C' as same`);
    const rule = "Cannot read pages as the key code is not unique";
    for (const chunkSize of [1, 7, 100]) {
      const reading = all(sql, chunkSize, "code");
      // PGlite comes without the data of most languages, and holds nothing equal.
      if (answer!["same"]) await expect(reading).rejects.toThrow(rule);
      else expect(await reading).toHaveLength(80);
    }
    expect(await all(`select code collate "C" as code from (${sql}) as t`, 7, "code")).toHaveLength(
      80,
    );
  });

  it.each(["lossless", "client"] as const)(
    "accepts any names of columns, values: %s",
    async (values) => {
      const names = [
        "k0",
        "c0",
        "c1",
        "name",
        "page",
        "read",
        "record",
        "found",
        "keys",
        "one",
        "named",
      ];
      const columns = names.map((name, n) => `${n === 0 ? "-n" : "n"} as "${name}"`).join(", ");
      const sql = `select ${columns} from generate_series(1, 5) as n`;
      const { source } = postgresSource(tested().client, sql, [], {
        key: "c0",
        chunkSize: 2,
        values,
      });
      const rows = (await Array.fromAsync(source as ReadableStream<Record<string, unknown>[]>))
        .flat();
      expect(rows.map(({ name }) => name)).toEqual([1, 2, 3, 4, 5]);
      expect(rows.map(({ k0 }) => k0)).toEqual([-1, -2, -3, -4, -5]);
      expect(Object.keys(rows[0]!)).toEqual(names);
    },
  );

  it("rejects a null key that no page would reach", async () => {
    const sql = "select 1 as a, nullif(n, 3) as b from generate_series(1, 5) as n";
    const rule = "Cannot read pages as the key a, b is null in a row";
    for (const chunkSize of [1, 2, 4, 5]) {
      await expect(all(sql, chunkSize, ["a", "b"])).rejects.toThrow(rule);
    }
  });

  it("rejects a key that the result does not have exactly once", async () => {
    const rule =
      "Cannot read pages as 'key' must be columns that the result has once: current value is ";
    await expect(all("select 1 as a", 1, "b")).rejects.toThrow(`${rule}"b"`);
  });

  it("ends with an error if the text of a key means another one", async () => {
    await tested().run(wrapping);
    const sql = "select (n * 30000)::text::millrace_wrap as n from generate_series(1, 9) as n";
    const reading = all(sql, 2, "n");
    await expect(reading).rejects.toThrow("Cannot read pages as the key n does not advance");
    expect(await all(sql, 10, "n")).toHaveLength(9); // One page needs no text.
  });
}

/** A type that reads 32 bits and writes 16. */
const wrapping = `drop type if exists millrace_wrap cascade;
  create type millrace_wrap;
  create function millrace_wrap_in(cstring) returns millrace_wrap
    language internal immutable strict as 'int4in';
  create function millrace_wrap_out(millrace_wrap) returns cstring
    language internal immutable strict as 'int2out';
  create type millrace_wrap (
    input = millrace_wrap_in, output = millrace_wrap_out, like = int4
  );
  ${
  Object.entries({ lt: "<", le: "<=", eq: "=", ge: ">=", gt: ">" }).map(([name, operator]) => `
    create function millrace_wrap_${name}(millrace_wrap, millrace_wrap) returns boolean
      language internal immutable strict as 'int4${name}';
    create operator ${operator} (
      leftarg = millrace_wrap, rightarg = millrace_wrap, function = millrace_wrap_${name}
    );`).join("")
}
  create function millrace_wrap_cmp(millrace_wrap, millrace_wrap) returns int4
    language internal immutable strict as 'btint4cmp';
  create operator class millrace_wrap_ops default for type millrace_wrap using btree as
    operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >,
    function 1 millrace_wrap_cmp(millrace_wrap, millrace_wrap)`;
