import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { etl } from "../../../../src/index.ts";
import { SplitError } from "../../../../src/errors.ts";
import { type Bench, contextOf } from "../../../support/postgres/cases.ts";

type Row = Record<string, unknown>;

const collations = `
  create collation if not exists ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  create collation if not exists nickname (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
  create type pair as (a int, b text)`;

/** A table, the columns of its key, and values that meet there. */
interface Case {
  readonly title: string;
  readonly columns: string;
  readonly index?: string;
  /** Statements that the table gets last. */
  readonly more?: string;
  readonly key: readonly string[];
  readonly values: readonly (readonly unknown[])[];
}

const texts = ["Ada@x", "ada@x", "ADA@X", "b", "B", "é", "e", null];
const one = (values: readonly unknown[]) => values.map((value) => [value]);

const cases: readonly Case[] = [
  {
    title: "nulls that are distinct",
    columns: "shop text, item text, unique (shop, item)",
    key: ["shop", "item"],
    values: [["a", null], ["a", "x"], [null, null], [null, "x"], ["b", "x"]],
  },
  {
    title: "nulls that are not distinct",
    columns: "shop text, item int, unique nulls not distinct (item, shop)",
    key: ["shop", "item"],
    values: [["a", null], ["a", 1], [null, null], [null, 1], ["b", 1]],
  },
  {
    title: "a collation that is not deterministic",
    columns: "k text collate ci unique",
    key: ["k"],
    values: one(texts),
  },
  {
    title: "a collation of the index alone",
    columns: "k text collate ci",
    index: `(k collate "C")`,
    key: ["k"],
    values: one(texts),
  },
  {
    title: "a collation that only the index has, without accents",
    columns: "k varchar(10), m int",
    index: `(m, k collate nickname) nulls not distinct`,
    key: ["k", "m"],
    values: texts.flatMap((text) => [[text, 1], [text, null]]),
  },
  {
    title: "two indexes of different collations",
    columns: "k text",
    index: `(k collate ci)`,
    more: "create unique index on TABLE (k)",
    key: ["k"],
    values: one(texts),
  },
  {
    title: "two indexes, the first of which tells more apart",
    columns: "k text",
    index: `(k collate "C")`,
    more: "create unique index on TABLE (k collate ci)",
    key: ["k"],
    values: one(texts),
  },
  {
    title: "a trigger that makes keys equal",
    columns: "k text unique",
    more: `create or replace function lower_key() returns trigger language plpgsql as
        'begin new.k = lower(new.k); return new; end';
      create trigger lower_key before insert on TABLE for each row execute function lower_key()`,
    key: ["k"],
    values: one(texts),
  },
  {
    title: "an operator class of its own",
    columns: "k text",
    index: "(k text_pattern_ops)",
    key: ["k"],
    values: one(texts),
  },
  {
    title: "an operator class that compares images",
    columns: "k pair",
    index: "(k record_image_ops)",
    key: ["k"],
    values: one(["(1,a)", "(1,A)", "(,)", "(1,)", null]),
  },
  {
    title: "blanks at the end of char",
    columns: "k char(5) unique",
    key: ["k"],
    values: one(["a", "a ", "a    ", "b", "", null]),
  },
  {
    title: "blanks at the end of varchar, which are cut off",
    columns: "k varchar(3) unique",
    key: ["k"],
    values: one(["abc", "abc ", "abc   ", "ab ", "ab"]),
  },
  {
    title: "the scale of numeric",
    columns: "k numeric(6, 2) unique",
    key: ["k"],
    values: one(["1.001", "1", "1.004", "1.006", "NaN", 1.01, null]),
  },
  {
    title: "digits of numeric that mean nothing",
    columns: "k numeric unique",
    key: ["k"],
    values: one(["1.0", "1", "1.00", "NaN", "NaN", "0", "-0"]),
  },
  {
    title: "float8",
    columns: "k float8 unique",
    key: ["k"],
    values: one([NaN, NaN, 0, -0, 1, Infinity, "1e0"]),
  },
  {
    title: "times that are rounded",
    columns: "k timestamptz(0), span interval, unique (k, span)",
    key: ["span", "k"],
    values: [
      ["2024-01-01 00:00:00.2Z", "1 day"],
      ["2024-01-01 01:00:00+01", "24:00"],
      ["2024-01-01 00:00:00Z", "24 hours"],
      ["2024-01-01 00:00:00.9Z", "1 day"],
    ],
  },
  {
    title: "jsonb, arrays and bytes",
    columns: "k jsonb, a int[], b bytea, unique (a, b, k)",
    key: ["k", "a", "b"],
    values: [
      [{ a: 1, b: 2 }, [1], new Uint8Array([1])],
      [{ b: 2, a: 1 }, [1], new Uint8Array([1])],
      [1, [1], new Uint8Array([1])],
      [1, [1, null], new Uint8Array([1])],
      [1, [1, null], new Uint8Array([])],
    ],
  },
];

/** Defines the tests of rows that meet in a batch. */
export function testPostgresUpserts({ tested, create, sink }: Bench, hasIcu: boolean): void {
  const prepared = () => tested().run(collations).catch(() => {}); // A second time.

  async function tableOf({ columns, index, more }: Case): Promise<string> {
    const table = await create(`${columns}, n int, note text default 'none'`);
    if (index !== undefined) await tested().run(`create unique index on ${table} ${index}`);
    if (more !== undefined) await tested().run(more.replace("TABLE", table));
    return table;
  }

  const stored = async (table: string) => {
    const rows = await tested().run(`select to_jsonb(t)::text as "row" from ${table} t order by 1`);
    return rows.map(({ row }) => row);
  };

  describe.each(["ignore", "replace"] as const)("by %s", (conflict) => {
    it.each(cases)("stores the same rows for any batchSize: $title", async (given) => {
      await prepared();
      const words = given.columns.split(", ").map((column) => column.split(" ")[0]!);
      const names = [...new Set(words)].filter((name) => given.key.includes(name));
      const rows = fc.array(fc.tuple(fc.constantFrom(...given.values), fc.integer()), {
        minLength: 2,
        maxLength: 20,
      });
      const load = async (all: readonly Row[], batchSize: number) => {
        const table = await tableOf(given);
        const columns = [...names, "n"];
        const { load } = sink({ table, columns, conflict, key: given.key });
        const run = etl({ name: "rows", extract: () => [...all], load });
        await run.run({ batchSize });
        const result = await stored(table);
        await tested().run(`drop table ${table}`);
        return result;
      };
      await fc.assert(
        fc.asyncProperty(rows, fc.integer({ min: 2, max: 20 }), async (drawn, batchSize) => {
          const all = drawn.map(([values, n]) => ({
            ...Object.fromEntries(names.map((name, place) => [name, values[place]])),
            n,
          }));
          expect(await load(all, batchSize)).toEqual(await load(all, 1));
        }),
        { numRuns: 6, seed: 4 },
      );
    }, 180_000);
  });

  it("keeps every row whose key has a null, in one batch", async () => {
    const table = await create("shop text, item text, n int, unique (shop, item)");
    const { load } = sink({
      ...{ table, columns: ["shop", "item", "n"], key: ["shop", "item"] },
      conflict: "ignore",
    });
    await load(
      Array.from({ length: 100 }, (_, n) => ({ shop: "a", item: n % 10 ? `${n}` : null, n })),
      contextOf(),
    );
    const [count] = await tested().run(`select count(*)::int as n from ${table}`);
    expect(count).toEqual({ n: 100 });
  });

  it.runIf(hasIcu)(
    "replaces by the equality of the index, and keeps the last spelling",
    async () => {
      await prepared();
      const table = await create("mail text collate ci primary key, n int");
      const { load } = sink({ table, columns: ["mail", "n"], conflict: "replace" });
      await load([{ mail: "Ada@x", n: 1 }, { mail: "ada@x", n: 2 }], contextOf());
      expect(await tested().run(`select * from ${table}`)).toEqual([{ mail: "ada@x", n: 2 }]);
    },
  );

  it("converts a key that is sent in another type before it is compared", async () => {
    const table = await create("at timestamp primary key, n int");
    await tested().run(`set time zone 'utc'`);
    const key = {
      table,
      columns: ["at", "n"],
      types: { at: "text" },
      conflict: "replace",
    } as const;
    const { load } = sink(key);
    await expect(load([{ at: "2024-01-01", n: 1 }], contextOf())).rejects.toThrow("text");
    const code = await create("code varchar(3) primary key, n int");
    const codes = sink({ ...key, table: code, columns: ["code", "n"], types: { code: "text" } });
    await codes.load([{ code: "abc", n: 1 }, { code: "abc  ", n: 2 }], contextOf());
    expect(await tested().run(`select * from ${code}`)).toEqual([{ code: "abc", n: 2 }]);
    await expect(codes.load([{ code: "abcd", n: 1 }], contextOf())).rejects.toThrow("too long");
  });

  it.runIf(hasIcu)("replaces through a view whose index is unknown", async () => {
    await prepared();
    const table = await create("k text collate ci primary key, n int");
    await tested().run(`create view ${table}_view as select * from ${table}`);
    const columns = ["k", "n"];
    const { load } = sink({ table: `${table}_view`, columns, key: ["k"], conflict: "replace" });
    const rows = ["a", "b", "A", "c", "a", "B"].map((k, n) => ({ k, n }));
    await expect(load(rows, contextOf())).rejects.toThrow(SplitError);
    await etl({ name: "view", extract: () => rows, load }).run({ batchSize: 6 });
    expect(await tested().run(`select * from ${table} order by n`)).toEqual(
      [["c", 3], ["a", 4], ["B", 5]].map(([k, n]) => ({ k, n })),
    );
  });

  it.each([
    ["partial", "create unique index on TABLE (k) where n > 0"],
    ["of expressions", "create unique index on TABLE (lower(k))"],
    ["deferrable", "alter table TABLE add unique (k) deferrable"],
    ["of more columns", "create unique index on TABLE (k, n)"],
    ["not unique", "create index on TABLE (k)"],
  ])("rejects a key whose index is %s, before anything is loaded", async (_, statement) => {
    const table = await create("k text, n int");
    await tested().run(statement.replace("TABLE", table));
    for (const conflict of ["ignore", "replace"] as const) {
      const { load } = sink({ table, columns: ["k", "n"], key: ["k"], conflict });
      await expect(load([{ k: "a", n: 1 }], contextOf())).rejects.toThrow(
        `Cannot load rows as 'key' must be the columns of a unique index of "${table}" without ` +
          `condition, expressions and delay: current value is "k"`,
      );
    }
  });
}
