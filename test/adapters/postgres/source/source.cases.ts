import { expect, it } from "vitest";
import { postgresSource, type PostgresSourceOptions } from "../../../../src/adapters/postgres.ts";
import type { Chunks } from "../../../../src/streams/chunks.ts";
import type { Bench } from "../../../support/postgres/cases.ts";
import { givenBack } from "../../../support/postgres/clients.ts";
import { hasState } from "../../../support/postgres/sql-state.ts";
import { testPostgresSourceChanges } from "./pages.cases.ts";
import { testPostgresSourceKeys } from "./key.cases.ts";
import { testPostgresSettled } from "./settled.cases.ts";
import { testPostgresSourceValues } from "./rows.cases.ts";

type N = { n: number };

/** Defines the tests of the source. */
export function testPostgresSource(bench: Bench, name: string): void {
  const { tested, create, sink } = bench;
  const isFull = name === "pg Pool"; // The server makes the texts of all.
  testPostgresSourceKeys(bench, isFull);
  testPostgresSourceValues(bench, isFull);
  if (name !== "PGlite") testPostgresSettled(bench); // Nobody else writes into it.
  testPostgresSourceChanges(bench);
  const numbers = (options: PostgresSourceOptions, to = 10) =>
    postgresSource<N>(tested().client, "select generate_series(1, $1::int) as n;\n", [to], options);
  const readerOf = <T>({ source }: Chunks<T>) => (source as ReadableStream<T[]>).getReader();
  const all = async <T>({ source }: Chunks<T>) => {
    const chunks: T[][] = [];
    for await (const chunk of source as ReadableStream<T[]>) chunks.push(chunk);
    return chunks;
  };
  const ways: [string, PostgresSourceOptions][] = [["cursor", {}], ["key", { key: "n" }]];

  it.each(ways)("yields rows by %s, in chunks, in order", async (_, how) => {
    const chunks = await all(numbers({ chunkSize: 4, ...how }));
    expect(chunks.map((chunk) => chunk.map(({ n }) => n))).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 10],
    ]);
    expect(Object.keys(chunks[0]![0]!)).toEqual(["n"]);
    expect(await all(numbers({ chunkSize: 5, ...how }))).toHaveLength(2);
    expect(await all(numbers({ chunkSize: 5, ...how }, 0))).toEqual([]);
    await givenBack(tested());
  });

  it.each(ways)("releases the connection when it is cancelled, by %s", async (_, how) => {
    const unread = numbers(how).source as ReadableStream<N[]>;
    await unread.cancel();
    const idle = readerOf(numbers({ chunkSize: 2, ...how }));
    await idle.read();
    await idle.cancel();
    const pending = readerOf(numbers({ chunkSize: 2, ...how }));
    const read = pending.read();
    await pending.cancel();
    expect(await read).toEqual({ done: true, value: undefined });
    // The server ends a transaction a moment after its statement was withdrawn.
    await givenBack(tested());
    expect(await all(numbers({}))).toHaveLength(1);
  });

  it.each(ways)("fails with the database's error, by %s", async (_, how) => {
    const query = "select 10 / (3 - n) as n from generate_series(1, 9) as n";
    const reader = readerOf(postgresSource(tested().client, query, [], { chunkSize: 1, ...how }));
    const read = async () => {
      for (let n = 0; n < 9; n++) await reader.read();
    };
    await expect(read()).rejects.toSatisfy(hasState("22012"));
    const wrong = readerOf(postgresSource(tested().client, "select no", [], how));
    await expect(wrong.read()).rejects.toSatisfy(hasState("42703"));
    await givenBack(tested());
  });

  it("reads pages by a key of several columns, to the microsecond", async () => {
    const table = await create(`"at" timestamptz, "i""d" bigint, v text`);
    await tested().run(`insert into ${table} select
      timestamptz 'epoch' + (n / 3) * interval '1 microsecond', 9007199254740993 + n % 3, n
      from generate_series(0, 29) as n`);
    const key = ["at", 'i"d'];
    const query = `select * from ${table} where v <> $1 -- all`;
    const rows = (await all(
      postgresSource<{ v: string }>(tested().client, query, ["x"], { chunkSize: 4, key }),
    )).flat();
    expect(rows.map(({ v }) => Number(v))).toEqual(Array.from({ length: 30 }, (_, n) => n));
  });

  it("rejects a key that is null", async () => {
    const query = "select nullif(n, 3) as n from generate_series(1, 3) as n";
    const reading = all(postgresSource(tested().client, query, [], { chunkSize: 3, key: "n" }));
    await expect(reading).rejects.toThrow("Cannot read pages as the key n is null in a row");
  });

  it("reads while the same client loads", async () => {
    const table = await create("n int");
    const { load } = sink({ table, columns: ["n"] });
    const reader = readerOf(numbers({ chunkSize: 2 }));
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      await load(read.value, { runId: "run", batch: { attempt: 1 } });
    }
    expect(await tested().run(`select count(*)::int as n from ${table}`)).toEqual([{ n: 10 }]);
  });

  it.each([
    [{ chunkSize: 0 }, "'chunkSize' must be a positive integer: current value is 0"],
    [
      { key: [] },
      "'key' must be a non-empty string or an array of them: current value is an " +
      "array of 0",
    ],
    [{ values: "text" }, `'values' must be "lossless" or "client": current value is "text"`],
    [{ settled: true }, "'settled' must be omitted without 'key': current value is true"],
    [{ after: 1 }, "'after' must be omitted without 'key': current value is 1"],
    [{ lag: 1, key: "n" }, "'lag' must be omitted without 'after': current value is 1"],
    [
      { lag: -1, key: "n", after: 1 },
      "'lag' must be a finite number above 0, or an interval in words: current value is -1",
    ],
    [
      { key: "n", after: () => 1 },
      "'after' must be a value as the source returns it, or an array of them for a key of several " +
      "columns: current value is a function",
    ],
  ])("throws for %o", (options, words) => {
    expect(() => numbers(options as PostgresSourceOptions)).toThrow(
      `Cannot construct postgresSource as ${words}`,
    );
  });
}
