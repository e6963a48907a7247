import { createHash } from "node:crypto";
import { from as copyFrom } from "pg-copy-streams";
import { expect, it } from "vitest";
import { BatchError, etl } from "../../../../src/index.ts";
import type { PostgresSinkOptions } from "../../../../src/adapters/postgres.ts";
import { openDatabase } from "../../../../src/adapters/postgres/client.ts";
import { badRows } from "../../../../src/adapters/postgres/table/bad-rows.ts";
import { KnownTable } from "../../../../src/adapters/postgres/known-table.ts";
import { checkSinkOptions } from "../../../../src/adapters/postgres/sink-options.ts";
import { Writer } from "../../../../src/adapters/postgres/writer.ts";
import { type Bench, contextOf } from "../../../support/postgres/cases.ts";
import { hasState } from "../../../support/postgres/sql-state.ts";

type Row = Record<string, unknown>;

const errorOf = (work: Promise<unknown>) => work.then(() => undefined, (error) => error);

/** Defines the tests of batches that are long, and of those that have bad values. */
export function testPostgresBatches(bench: Bench, canCopy: boolean): void {
  testParts(bench, canCopy ? ["insert", "copy"] : ["insert"]);
  testBadRows(bench);
}

type Method = NonNullable<PostgresSinkOptions["method"]>;

function testParts({ tested, create, all, sink }: Bench, methods: readonly Method[]): void {
  /** A writer whose statements are short, and what they were. */
  const writerOf = (options: PostgresSinkOptions, maxLength: number) => {
    const checked = checkSinkOptions(
      "test",
      options.method === "copy" ? { ...options, copyFrom } : options,
    );
    const database = openDatabase("test", tested().client, { copyFrom, isFixed: true });
    const lengths: number[] = [];
    const pieceLengths: number[] = [];
    const writer = new Writer(database, checked, maxLength);
    const load = async (rows: object[]) => {
      const send = await writer.check(rows, { runId: "run" });
      await writer.database.transaction((session) =>
        send({
          ...session,
          run: (text, params = []) => {
            lengths.push(String(params[0]).length);
            return session.run(text, params);
          },
          copy: (statement, pieces) => {
            const texts = [...pieces];
            lengths.push(texts.join("").length);
            pieceLengths.push(...texts.map(({ length }) => length));
            return session.copy!(statement, texts);
          },
        })
      );
    };
    return { writer, load, lengths, pieceLengths };
  };

  it.each(methods)(
    "divides a batch whose text is too long for one statement, by %s",
    async (method) => {
      const table = await create("id int primary key, v text, b bytea, j jsonb");
      const columns = ["id", "v", "b", "j"];
      const { writer, load, lengths } = writerOf({ table, columns, method }, 2_000);
      const rows = Array.from({ length: 30 }, (_, id) => ({
        ...{ id, v: "v".repeat(id * 10), j: { text: "j".repeat(100) } },
        b: new Uint8Array(id * 10).fill(id),
      }));
      await load([...rows, { id: 30, v: "v".repeat(5_000), b: null, j: null }]);
      expect(lengths.length).toBeGreaterThan(5);
      expect(Math.max(...lengths.slice(0, -1))).toBeLessThan(6_000);
      const found = await tested().run(
        `select id, length(v) as v, encode(b, 'hex') as b, j->>'text' as j from ${table} order by id`,
      );
      expect(found.slice(0, 30)).toEqual(rows.map(({ id, v, b, j }) => ({
        ...{ id, v: v.length, j: j.text },
        b: Array.from(b, (byte) => byte.toString(16).padStart(2, "0")).join(""),
      })));
      // All of it or nothing, also without a transaction around it.
      await tested().run(`delete from ${table} where id <> 29`);
      const send = await writer.check(rows, { runId: "run" });
      await expect(writer.send(send)).rejects.toSatisfy(hasState("23505"));
      expect(await all(table)).toHaveLength(1);
    },
  );

  it.runIf(methods.includes("copy"))("copies long values in short pieces", async () => {
    const table = await create("id int, v text, b bytea");
    const { load, pieceLengths } = writerOf({ table, method: "copy" }, 2 ** 20);
    const bytes = Uint8Array.from({ length: 1_000_000 }, (_, n) => n * 7);
    const texts = ["\u{1f600}".repeat(100_000), `\t${"\u{1f600}\\\n".repeat(40_000)}`, "a\\N\t"];
    const rows = [...texts, "x".repeat(2 ** 15), ""].map((v, id) => ({
      id,
      v,
      b: bytes.slice(id),
    }));
    await load(rows);
    expect(Math.max(...pieceLengths)).toBeLessThan(2 ** 18);
    expect(Math.min(...pieceLengths)).toBeGreaterThan(0);
    const found = await tested().run(`select id, v, md5(b) as b from ${table} order by id`);
    const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");
    expect(found).toEqual(rows.map(({ id, v, b }) => ({ id, v, b: md5(b) })));
  });

  it("stores the last row of each key, whatever statement it is in", async () => {
    const table = await create("id int primary key, v text");
    const { load, lengths } = writerOf({ table, conflict: "replace" }, 100);
    await load(Array.from({ length: 40 }, (_, n) => ({ id: n % 7, v: `${n}` })));
    expect(lengths.length).toBeGreaterThan(5);
    expect((await all(table)).map(({ v }) => v)).toEqual([
      "35",
      "36",
      "37",
      "38",
      "39",
      "33",
      "34",
    ]);
  });

  it.each(methods)("loads bytes, also empty ones, into any column, by %s", async (method) => {
    await tested().run(
      "drop domain if exists batch_bytes cascade; create domain batch_bytes as bytea",
    );
    const table = await create("a bytea, n int, b batch_bytes");
    const { load } = sink({ table, method });
    const big = Uint8Array.from({ length: 300_000 }, (_, n) => n * 7);
    await load([
      { a: big, n: 1, b: null },
      { a: new Uint8Array(), n: 2, b: big.subarray(5, 8) },
      { a: null, n: 3, b: new Uint8Array([0, 255]) },
    ], contextOf());
    const found = await tested().run(`select n, length(a) as a, sha256(a)::text as hash,
      b::text as b from ${table} order by n`);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", big));
    const hash = `\\x${Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
    expect(found[0]).toEqual({ n: 1, a: 300_000, hash, b: null });
    expect(found.slice(1).map(({ a, b }) => [a, b])).toEqual([[0, "\\x232a31"], [null, "\\x00ff"]]);
  });
}

function testBadRows({ tested, create, sink }: Bench): void {
  const columns = `id int not null, day date, code varchar(3), u uuid, n numeric(4,1), j jsonb,
    mood millrace_mood, even millrace_even, list int[], low int check (low < 10), at timestamptz,
    constraint day_low check (day > '2000-01-01' or low is null)`;
  const good = {
    ...{
      day: "2024-01-01",
      code: "abc",
      u: "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
      n: 1,
      j: { a: 1 },
    },
    ...{ mood: "ok", even: 2, list: [1], low: 1, at: "2024-01-01 00:00Z" },
  };
  const bad: readonly (readonly [Row, code: string, words: string])[] = [
    [{ id: null }, "23502", 'column "id" refuses it: null value'],
    [{ day: "2023-02-29" }, "22008", 'column "day" refuses it: date/time field value out of range'],
    [{ code: "abcd" }, "22001", 'column "code" refuses it: value too long'],
    [{ u: "x" }, "22P02", 'column "u" refuses it: invalid input syntax for type uuid: "x"'],
    [{ n: 12345 }, "22003", 'column "n" refuses it: numeric field overflow'],
    [{ mood: "sad" }, "22P02", 'column "mood" refuses it: invalid input value for enum'],
    [{ even: 3 }, "23514", 'column "even" refuses it: value for domain'],
    [{ list: ["a"] }, "22P02", 'column "list" refuses it: invalid input syntax for type integer'],
    [{ low: 10 }, "23514", "violates check constraint"],
    [{ day: "1999-01-01" }, "23514", 'violates check constraint "day_low"'],
    [{ at: "2024-01-01 25:00Z" }, "22008", 'column "at" refuses it: date/time field value'],
  ];
  const rows = [...Array(100).keys()].map((id): Row => ({
    id,
    ...good,
    ...bad[id % 9 === 4 ? (id - 4) / 9 : 99]?.[0],
  }));
  const places = bad.map((_, n) => n * 9 + 4);

  it("names all bad values of a batch at once", async () => {
    const table = await create(columns);
    const { load } = sink({ table });
    const error = await errorOf(load(rows, contextOf()));
    expect(error).toBeInstanceOf(BatchError);
    expect([...error.failures.keys()]).toEqual(places);
    for (const [n, place] of places.entries()) {
      const { code, message } = error.failures.get(place);
      expect(message).toContain(bad[n]![2]);
      expect(message.endsWith(` (row ${place})`), message).toBe(true);
      expect(code).toBe(bad[n]![1]);
    }
  });

  it.each([["tsquery", "a & & b"], ["jsonpath", "$$$.."], ["regclass", "missing"]])(
    "names bad values that the database reports like bad SQL: %s",
    async (type, value) => {
      const table = await create(`id int, v ${type}`);
      const { load } = sink({ table });
      const rows = [null, value, null, value, null].map((v, id) => ({ id, v }));
      const error = await errorOf(load(rows, contextOf()));
      expect(error).toBeInstanceOf(BatchError);
      expect([...error.failures.keys()]).toEqual([1, 3]);
    },
  );

  it.each(["error", "ignore", "replace"] as const)(
    "loads a batch with bad values in two loads, by %s",
    async (conflict) => {
      const table = await create(`${columns}, unique (id)`);
      const { load } = sink({ table, conflict, ...(conflict === "error" ? {} : { key: ["id"] }) });
      const letters: unknown[] = [];
      let loads = 0;
      const report = await etl<Row>({
        name: "job",
        extract: () => rows,
        load: (rows, context) => {
          loads++;
          return load(rows, context);
        },
      }).run({
        batchSize: 100,
        deadLetters: new WritableStream({ write: ({ item }) => void letters.push(item.id) }),
      });
      expect([report.loaded, loads]).toEqual([100 - bad.length, 2]);
      expect(letters).toEqual(places.map((place) => rows[place]!["id"]));
    },
  );

  it("asks about the batches after one with bad values before it sends them", async () => {
    const table = await create("id int primary key, day date not null");
    const database = openDatabase("test", tested().client, { isFixed: true });
    let sent = 0;
    const counting: typeof database = {
      ...database,
      transaction: (...work) => (sent++, database.transaction(...work)),
    };
    const options = checkSinkOptions("test", { table, conflict: "replace", key: ["id"] });
    const writer = new Writer(counting, options);
    const failedOf = async (...days: (string | null)[]): Promise<number[] | undefined> => {
      const rows = days.map((day, n) => ({ id: n >> 1, day }));
      const load = async () => await writer.send(await writer.check(rows, { runId: "run" }));
      const error = await errorOf(load());
      return error && [...error.failures.keys()];
    };
    const [good, bad] = ["2026-02-28", "2026-02-30"];
    expect(await failedOf(good, bad)).toEqual([1]);
    expect(await failedOf(bad, good, bad)).toEqual([0, 2]);
    expect(sent).toBe(1); // The second one was not.
    for (let n = 0; n < 4; n++) expect(await failedOf(null, good)).toBeUndefined(); // The last one counts.
    expect(await failedOf(bad, good)).toEqual([0]);
    expect(sent).toBe(6); // Nobody expected it any more.
    expect(await failedOf(good, good)).toBeUndefined();
    expect(await failedOf(bad, good)).toEqual([0]);
    expect(sent).toBe(8); // After a single one, one is asked about.
    await tested().run(`alter table ${table} alter day type text`);
    expect(await failedOf(bad, good)).toBeUndefined();
  });

  it("names no row that a trigger corrects", async () => {
    const table = await create("id int not null, v int check (v > 0), w int");
    await tested().run(`create or replace function put_right() returns trigger language plpgsql as
      'begin new.id = coalesce(new.id, 0); new.v = abs(new.v); return new; end';
      create trigger put_right before insert on ${table} for each row execute function put_right()`);
    const { load } = sink({ table });
    const error = await errorOf(
      load([{ id: null, v: -1, w: 1 }, { id: 1, v: 1, w: "x" }], contextOf()),
    );
    expect([...error.failures.keys()]).toEqual([1]);
  });

  it("names no row that only a load can check", async () => {
    const table = await create("id int, v int");
    await tested().run(`create or replace function refuse_two() returns trigger language plpgsql as
      'begin if new.v = 2 then raise exception using errcode = ''22000''; end if; return new; end';
      create trigger refuse_two before insert on ${table} for each row execute function refuse_two()`);
    const { load } = sink({ table });
    const given = [1, 2, 3].map((v) => ({ id: v, v }));
    await expect(load(given, contextOf())).rejects.toSatisfy(hasState("22000"));
    const letters: unknown[] = [];
    await etl<Row>({ name: "job", extract: () => given, load }).run({
      batchSize: 3,
      deadLetters: new WritableStream({ write: ({ item }) => void letters.push(item) }),
    });
    expect(letters).toEqual([{ id: 2, v: 2 }]);
  });

  it("names what the catalogue knows if the server cannot be asked", async () => {
    const table = await create(columns);
    const database = openDatabase("test", tested().client);
    const known = await KnownTable.read(
      database,
      checkSinkOptions("test", { table }),
      new AbortController().signal,
    );
    const old = { ...known.target, known: { ...known.target.known, asksInput: false } };
    Object.defineProperty(known, "target", { value: old });
    const ofCatalogue = [0, 2].map((n) => ({ id: n, ...good, ...bad[n]![0] }));
    const { groups } = await known.look([...ofCatalogue, { id: 1, ...good, code: "abc   " }]);
    const failures = await badRows(database, known, groups);
    expect([...failures.values()].map((error) => (error as { code?: unknown }).code)).toEqual([
      "23502",
      "22001",
    ]);
  });
}
