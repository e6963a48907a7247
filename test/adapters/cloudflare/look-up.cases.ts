import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../../src/errors.ts";
import type { DatabaseKind } from "../../support/cloudflare/databases.ts";

const context = { runId: "one", batch: { attempt: 1 } };

/** What comes in is there again; what does not fit is told. */
export function testCloudflareTables({ open, inside }: DatabaseKind): void {
  const test = (name: string, run: () => Promise<void>) => it(name, inside(run));

  test("has values as they are, whatever they are", async () => {
    const db = await open();
    await db.all("create table t (id integer primary key, v)");
    const values = [null, "", 'ä"\n\u{1f600}', 5, 0.1, 1e300, 2 ** 53 - 1, 2 ** 60, -5]
      .concat([1.7976931348623157e308, 5e-324, 0.1 + 0.2, Infinity as never]);
    const rows: object[] = values.map((v, id) => ({ id, v }));
    rows.push({ id: 50, v: 2n ** 63n - 1n }, { id: 51, v: -(2n ** 63n) });
    rows.push({ id: 52, v: new Uint8Array([0, 1, 255]) }, { id: 53, v: new Uint8Array(0) });
    await db.sink({ table: "t" }).load(rows, context);
    const found = await db.all(
      `select typeof(v) as type, case typeof(v) when 'blob' then hex(v) when 'integer' then
      cast(v as text) else v end as v from t where v is not 9e999 order by id`,
    );
    const told = values.slice(0, -1).map((v) =>
      v === null
        ? { type: "null", v }
        : Number.isSafeInteger(v)
        ? { type: "integer", v: `${v}` }
        : { type: typeof v === "number" ? "real" : "text", v }
    );
    expect(found).toEqual([
      ...told,
      { type: "integer", v: "9223372036854775807" },
      { type: "integer", v: "-9223372036854775808" },
      { type: "blob", v: "0001FF" },
      { type: "blob", v: "" },
    ]);
    expect(await db.all("select id from t where v = 9e999")).toEqual([{ id: 12 }]);
  });

  test("writes a batch that is large by several statements, in one commit", async () => {
    const db = await open();
    await db.all("create table t (id integer primary key, v text)");
    const rows = Array.from({ length: 30 }, (_, id) => ({ id, v: "x".repeat(200) }));
    const sink = db.sink({ table: "t", maxBytes: 2000 });
    await sink.load(rows, context);
    expect(await db.all("select count(*) as n from t")).toEqual([{ n: 30 }]);
    expect(db.calls.all.at(-1)).toHaveLength(4);
    const large = sink.load([{ id: 99, v: "x".repeat(2000) }], context);
    await expect(large).rejects.toThrow("more than 'maxBytes' (2000)");
  });

  test("looks up once for a run, and then needs one call for a batch", async () => {
    const db = await open();
    await db.all("create table t (id integer primary key)");
    const { load, checkpoints } = db.sink({ table: "t" });
    await checkpoints.claim("k", { runId: "one", until: 5 }, 0);
    const mark = (from: number) =>
      load([{ id: from }], {
        runId: "one",
        batch: { attempt: 1, key: "k", ranges: [[from, from + 1]] },
      });
    await mark(0);
    const { length } = db.calls.all;
    for (let n = 1; n < 6; n++) await mark(n);
    expect(db.calls.all.length - length).toBe(5);
    expect(await checkpoints.read("k")).toMatchObject({ offset: 6 });
  });

  test("adds columns where it is told to, also of a strict table", async () => {
    const db = await open();
    await db.all("create table t (id integer primary key) strict");
    const drift: object[] = [];
    const sink = db.sink({ table: "t", unknown: "add" });
    const told = { ...context, drift: (counts: object) => void drift.push(counts) };
    const loads = [{ id: 1, a: "x", b: null }, { id: 2, a: 5, c: 1 }, { id: 3 }]
      .map((row) => sink.load([row], told));
    await Promise.all(loads);
    expect(await db.all("select * from t order by id")).toEqual([
      { id: 1, a: "x", c: null },
      { id: 2, a: 5, c: 1 },
      { id: 3, a: null, c: null },
    ]);
    await expect(sink.load([{ id: 4, A: 1 }], context)).rejects.toThrow();
    expect(await db.all("select count(*) as n from t")).toEqual([{ n: 3 }]);
  });

  describe.each([
    [{ table: "nix" }, "'table' must be an existing table: current value is \"nix\""],
    [{ table: "t", columns: ["nix"] }, "'columns' must be columns of table \"t\""],
    [
      { table: "t", conflict: "replace", key: ["name"] },
      "'key' must be the columns of a primary key or a unique index of \"t\"",
    ],
    [{ table: "v" }, "'table' must be one that accepts these columns ("],
  ])("%o", (options, message) => {
    test("is refused, whatever the rows are", async () => {
      const db = await open();
      await db.all(
        "create table t (id integer primary key, name text)",
        "create view v as select * from t",
      );
      const { load } = db.sink(options as { table: string });
      const failure = load([{ id: 1, name: "a", nix: 1 }], context);
      await expect(failure).rejects.toThrow(ConfigurationError);
      await expect(failure).rejects.toThrow(message);
    });
  });

  test("counts what has become of rows, whatever triggers do", async () => {
    const db = await open();
    await db.all(
      "create table t (id integer primary key, v)",
      "create table log (id)",
      "create trigger g after insert on t begin insert into log values (new.id), (new.id); end",
      "insert into t values (1, 'old')",
    );
    const counts: object[] = [];
    const told = { ...context, wrote: (count: object) => void counts.push(count) };
    await db.sink({ table: "t", conflict: "ignore" }).load([{ id: 1 }, { id: 2 }], told);
    await db.sink({ table: "t", conflict: "replace" }).load(
      [{ id: 1, v: 3 }, { id: 2, v: 4 }],
      told,
    );
    expect(counts).toEqual([{ t: { inserted: 1, unchanged: 1 } }, { t: { written: 2 } }]);
  });
}
