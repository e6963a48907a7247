import { describe, expect, it } from "vitest";
import {
  PgText,
  postgresSource,
  type PostgresSourceOptions,
} from "../../../../src/adapters/postgres.ts";
import { etl } from "../../../../src/etl/etl.ts";
import type { Bench } from "../../../support/postgres/cases.ts";

type Row = Record<string, unknown>;

/** Values of each type, as the database reads them. */
const catalogue: Readonly<Record<string, readonly string[]>> = {
  "boolean": ["true", "false"],
  "int2": ["-32768", "0"],
  "int4": ["-2147483648", "2147483647"],
  "int8": ["9007199254740993", "-9223372036854775808"],
  "oid": ["4294967295", "0"],
  "float4": ["0.1", "-0", "3.4028235e38", "1e-45", "NaN", "Infinity", "16777216"],
  "float8": [
    "0.1",
    "-0",
    "5e-324",
    "1.7976931348623157e308",
    "NaN",
    "-Infinity",
    "123456789012345680",
  ],
  "numeric": ["12345678901234567890.12345678901234567890", "NaN", "-Infinity", "0.10", "1e-400"],
  "numeric(10,2)": ["1.50", "-0.01"],
  "money": ["-1234.56", "0.05"],
  "text": ["", " a ", "null", 'a"b\\c', "\\N", "é😀", "a\tb\nc", "(1,2)", "{a}"],
  "varchar(5)": ["abc", "  "],
  "char(5)": ["ab", "     "],
  '"char"': ["a", "\\377"],
  "name": ["a b"],
  "bytea": ["\\x", "\\x00ff5c22", "\\x5c6e"],
  "uuid": ["6ba7b810-9dad-11d1-80b4-00c04fd430c8"],
  "date": ["0044-03-15 BC", "infinity", "-infinity", "12345-01-02", "2024-02-29"],
  "time": ["23:59:59.999999", "24:00:00"],
  "timetz": ["12:00:00.000001+05:30", "00:00-15:59"],
  "timestamp": [
    "2024-01-01 00:00:00.123456",
    "4714-11-24 00:00:00 BC",
    "294276-12-31 23:59:59.999999",
    "infinity",
  ],
  "timestamptz": [
    "2024-01-01 00:00:00.123456+05",
    "0044-03-15 12:00:00+00 BC",
    "-infinity",
    "1850-01-01 00:00:00Z",
  ],
  "interval": ["-1 day +02:03:04.000001", "1 year 2 mons -3 days", "-00:00:01", "178000000 years"],
  "json": ['{"b":1,  "a":12345678901234567890, "a":2}', "null", '"text"', "[1.10]", "1e400"],
  "jsonb": ['{"a": 12345678901234567890.000000000000000001}', "null", '"a\\"b"', "[]", "-0.0"],
  "jsonpath": ['$."a"[*] ? (@ > 1)'],
  "xml": ["<a>b</a>", "text<b/>", '<?xml version="1.0" encoding="UTF-8"?><a/>'],
  "inet": ["10.0.0.1/8", "::1"],
  "cidr": ["10.0.0.0/8"],
  "macaddr": ["08:00:2b:01:02:03"],
  "macaddr8": ["08:00:2b:01:02:03:04:05"],
  "bit(3)": ["101"],
  "varbit": ["", "10101"],
  "tsvector": ["'a':1A 'b c':2"],
  "tsquery": ["'a' & !'b':*"],
  "point": ["(0.1,-0)", "(NaN,Infinity)"],
  "line": ["{1,2,3.3333333333333335}"],
  "lseg": ["[(0,0),(1,0.30000000000000004)]"],
  "box": ["(2,2),(1,1)"],
  "path": ["((0,0),(1,1))", "[(0,0),(1,1)]"],
  "polygon": ["((0,0),(1,1),(1,0))"],
  "circle": ["<(0,0),0.1>"],
  "int4range": ["[1,5)", "empty", "(,)"],
  "numrange": ["[1.10,2.2]", "(,1]"],
  "tstzrange": ['["2024-01-01 00:00:00.000001+00",infinity]'],
  "daterange": ["[2024-01-01,2024-02-01)"],
  "int8multirange": ["{[1,3),[5,7)}", "{}"],
  "tsmultirange": ['{["2024-01-01 00:00:00","2024-01-02 00:00:00.000001")}'],
  "pg_lsn": ["16/B374D848"],
  "xid8": ["18446744073709551615"],
  "pg_snapshot": ["10:20:10,14"],
  "int2vector": ["1 2 3"],
  "millrace_mood": ["it's", "ok"],
  "millrace_even": ["2147483646"],
  "millrace_bytes": ["\\x00"],
  "millrace_doc": ['{"a": 12345678901234567890}'],
  "millrace_pair": ['(1,"a ""b"" \\\\ c")', "(,)"],
  "boolean[]": ["{t,f,NULL}", "{}"],
  "int4[]": ["{1,NULL,3}", "{{1,2},{3,4}}", "[0:1]={5,6}", "[2:2][3:4]={{1,2}}"],
  "int8[]": ["{9007199254740993}"],
  "float4[]": ["{0.1,-0,NaN}"],
  "float8[]": ["{0.1,-0,NaN,Infinity,5e-324}", "{{NULL}}"],
  "numeric[]": ["{1.10,NaN}"],
  "text[]": ['{"a,b","null",NULL,"","\\"","\\\\","{}"," "}', "{{{a}}}"],
  "char(3)[]": ["{a,abc}"],
  "bytea[]": ['{"\\\\x00ff",NULL}'],
  "json[]": ['{"{\\"a\\":  1}",NULL,"[1]"}'],
  "jsonb[]": ['{"[1, 12345678901234567890]","null"}'],
  "timestamptz[]": ['{"2024-01-01 00:00:00.123456+00",infinity,"0001-01-01 00:00:00+00 BC"}'],
  "date[]": ['{"0044-03-15 BC"}'],
  "interval[]": ['{"-1 days +02:03:04"}'],
  "money[]": ['{"$1,234.56"}'],
  "point[]": ['{"(0.1,2)"}'],
  "box[]": ["{(2,2),(1,1);(4,4),(3,3)}"],
  "int4range[]": ['{"[1,5)",empty}'],
  "millrace_mood[]": ["{it's,ok}"],
  "millrace_even[]": ["{2,4}"],
  "millrace_doc[]": ['{"{\\"a\\": 1}"}'],
  "millrace_pair[]": ['{"(1,\\"a,b\\")"}'],
};

/** What a session may have set, upon which the texts of values depend. */
const unusual = `set datestyle = 'SQL, DMY'; set intervalstyle = 'sql_standard';
  set extra_float_digits = -3; set bytea_output = 'escape'; set timezone = 'Asia/Kolkata'`;

/** Defines the tests of the values that a source gives. */
export function testPostgresSourceValues(
  { tested, create, all, sink }: Bench,
  isFull: boolean,
): void {
  const types = `
    drop domain if exists millrace_doc cascade; create domain millrace_doc as jsonb;
    drop type if exists millrace_pair cascade; create type millrace_pair as (n int, "t t" text)`;
  /** Copies a table with a column of each type, and gives what is not the same afterwards. */
  const copied = async (options: PostgresSourceOptions) => {
    await tested().run(types);
    const different: unknown[] = [];
    for (const [type, values] of Object.entries(catalogue)) {
      const [from, to] = [await create(`id int, v ${type}`), await create(`id int, v ${type}`)];
      const rows = values.map((value, id) => `(${id}, '${value.replaceAll("'", "''")}')`);
      await tested().run(`insert into ${from} values ${rows.join(", ")}, (-1, null)`);
      const extract = () =>
        postgresSource<Row>(tested().client, `select * from ${from}`, [], options);
      const { load } = sink({ table: to, columns: ["id", "v"] });
      const error = await etl({ name: "copy", extract, load }).run({ batchSize: 10 })
        .then(() => undefined, (error) => (error as Error).message);
      const binary = (table: string) =>
        `select id, encode(pg_catalog.record_send(row(v, v::text)), 'hex') from ${table}`;
      const [lost] = await tested().run(`select count(*)::int as n from (
        (${binary(from)} except ${binary(to)}) union all (${binary(to)} except ${
        binary(from)
      })) as t`);
      if (error !== undefined || lost!["n"] !== 0) different.push([type, error ?? lost]);
    }
    return different;
  };

  describe("values", () => {
    it.each<[string, PostgresSourceOptions]>([
      ...(isFull ? [["cursor", {}] as [string, PostgresSourceOptions]] : []),
      ["pages", { key: "id", chunkSize: 2 }],
    ])("copies every type from table to table unchanged, by %s", async (_, options) => {
      expect(await copied(options)).toEqual([]);
    });

    it("copies them unchanged whatever the session has set", async () => {
      if (!("query" in tested().client) || "totalCount" in tested().client) return;
      await tested().run(unusual);
      try {
        expect(await copied({ key: "id" })).toEqual([]);
        expect((await tested().run("show datestyle"))[0]).toEqual({ DateStyle: "SQL, DMY" });
      } finally {
        await tested().run("reset all");
      }
    });

    it.each<[string, PostgresSourceOptions]>([["cursor", {}], ["pages", { key: "n" }]])(
      "yields JavaScript values if they hold all of the type, by %s",
      async (_, options) => {
        const { source } = postgresSource<Row>(tested().client, every, [], options);
        const [rows] = await Array.fromAsync(source as ReadableStream<Row[]>);
        expect(rows).toEqual([expected]);
        expect(Object.keys(rows![0]!)).toEqual(Object.keys(expected));
      },
    );

    it("rejects a name that stands for two columns", async () => {
      const { source } = postgresSource(tested().client, "select 1 as a, 2 as a");
      await expect(Array.fromAsync(source as ReadableStream<Row[]>)).rejects.toThrow(
        "Cannot read rows as 'sql' must be a query whose columns have a name of their own, unlike " +
          `"a": current value is "select 1 as a, 2 as a"`,
      );
    });

    it("yields the client's own values if asked to", async () => {
      const table = await create("id int, v int8");
      await tested().run(`insert into ${table} values (1, 2)`);
      for (const options of [{}, { key: "id" }]) {
        const read = postgresSource<Row>(tested().client, `select * from ${table}`, [], {
          ...options,
          values: "client",
        });
        const [rows] = await Array.fromAsync(read.source as ReadableStream<Row[]>);
        expect([...rows!]).toEqual(await all(table));
      }
    });
  });
}

const every =
  `select 1 as n, true as b, '-0'::float8 as f, 'NaN'::float4 as g, 9::int8 as i, 1.50 as d,
  'x '::char(3) as c, '\\x00ff'::bytea as y, '{"a":  1}'::json as j, null::text as z,
  timestamptz '2024-01-01 00:00:00.123456Z' at time zone 'utc' as t, array[1, null] as a,
  '[2:3]={5,6}'::int[] as l, array['a,b', null] as s, array['\\x01'::bytea] as r, 1 as "__proto__"`;

const expected: Row = {
  ...{ n: 1, b: true, f: -0, g: NaN, i: "9", d: "1.50", c: "x  ", y: new Uint8Array([0, 255]) },
  ...{ j: new PgText('{"a":  1}', "json"), z: null, t: "2024-01-01 00:00:00.123456" },
  ...{ a: [1, null], l: "[2:3]={5,6}", s: ["a,b", null], r: [new Uint8Array([1])] },
  ["__proto__"]: 1,
};
