import { describe, expect, it } from "vitest";
import { sqliteSink, sqliteSource } from "../../../../src/adapters/sqlite.ts";
import { ConfigurationError } from "../../../../src/errors.ts";
import { etl } from "../../../../src/etl/etl.ts";

/** What a client was made to do. */
interface Client {
  readonly db: unknown;
  /** Rows that are there. */
  readonly written: unknown[];
}

/** A chain: it does something only when it is waited for. */
function chain(act: () => void): object {
  return {
    where: () => chain(act),
    then: (resolve: (rows: unknown[]) => void) => resolve([act()]),
  };
}

/** Clients that answer later, by what answers so; `later` makes such an answer. */
function clientOf(late: readonly string[], later: (act: () => void) => unknown): Client {
  const written: unknown[] = [];
  const answer = <T>(method: string, now: () => T) => late.includes(method) ? later(now) : now();
  const db = {
    exec: () => answer("exec", () => undefined),
    prepare: () =>
      answer("prepare", () => ({
        run: (...values: unknown[]) => answer("run", () => void written.push(values)),
        get: () => answer("get", () => undefined),
        all: (...values: unknown[]) =>
          answer("all", () => values.length === 0 ? [{ one: 1n }] : [{ name: "id" }]),
        iterate: () => answer("iterate", () => [].values()),
      })),
  };
  return { db, written };
}

/** As D1 is: what is prepared has no `get`. */
function d1(): Client {
  const later = async () => ({ results: [] });
  const statement = { bind: () => statement, first: later, run: later, all: later, raw: later };
  return { db: { exec: later, prepare: () => statement, batch: later }, written: [] };
}

/** As the package sqlite3 is: whoever calls gets what was called, and a callback the answer. */
function callbacks(): Client {
  const statement: Record<string, () => unknown> = {};
  for (const method of ["run", "get", "all", "each"]) statement[method] = () => statement;
  const db: Record<string, () => unknown> = { exec: () => db, prepare: () => statement };
  return { db, written: [] };
}

const promised = async (act: () => void) => act();
const rejected = async () => Promise.reject(new Error("not supported"));
const all = ["exec", "prepare", "run", "get", "all", "iterate"];
const clients: [string, () => Client][] = [
  ["D1", d1],
  ["callbacks", callbacks],
  ["promises of everything", () => clientOf(all, promised)],
  ["promises that reject", () => clientOf(all, rejected)],
  ["promises of statements", () => clientOf(["prepare"], promised)],
  ["promises of rows", () => clientOf(["run", "get", "all", "iterate"], promised)],
  ["chains", () => clientOf(all, chain)],
  ["chains of rows", () => clientOf(["run", "get", "all", "iterate"], chain)],
];
const partly: [string, () => Client][] = [
  ["promises of exec", () => clientOf(["exec"], promised)],
  ["promises of run", () => clientOf(["run"], promised)],
  ["chains of run", () => clientOf(["run"], chain)],
];
/** One that answers at once, but for the rows of a query that is open. */
function iterating(iterate: () => unknown): Client {
  const rows = [{ one: 1n, id: 1n }];
  const statement = { run: () => undefined, get: () => rows[0], all: () => rows, iterate };
  return { db: { exec: () => undefined, prepare: () => statement }, written: [] };
}

async function* rowsLater() {
  yield { id: 1 };
}

const openClients: [string, () => Client][] = [
  ["promises of each row", () => iterating(() => [Promise.resolve({ id: 1 })])],
  ["each row rejects", () => iterating(() => [Promise.reject(new Error("no"))])],
  ["chains of each row", () => iterating(() => [chain(() => {})])],
  ["an iterator that promises", () => iterating(() => ({ [Symbol.iterator]: rowsLater }))],
  ["an iterator for await", () => iterating(rowsLater)],
];
const words =
  "'db' must be a database of node:sqlite, better-sqlite3 or bun:sqlite, which answer at once";

describe("an asynchronous client of SQLite", () => {
  const sinkOf = ({ db }: Client) => sqliteSink(db as never, { table: "t", columns: ["id"] });
  const run = (client: Client, hasCheckpoints: boolean, hasLetters: boolean) => {
    const sink = sinkOf(client);
    return etl({ name: "t", extract: () => [{ id: 1 }, { id: 2 }], load: sink.load }).run({
      ...hasCheckpoints && { checkpoints: sink.checkpoints },
      ...hasLetters && { deadLetters: new WritableStream() },
    });
  };

  for (
    const [hasCheckpoints, hasLetters] of [[false, false], [false, true], [true, true]] as const
  ) {
    it.each([...clients, ...partly])(
      `fails a run, checkpoints: ${hasCheckpoints}, letters: ${hasLetters}: %s`,
      async (name, make) => {
        const client = make();
        const error = await run(client, hasCheckpoints, hasLetters).catch((error) => error);
        expect(error.cause).toBeInstanceOf(ConfigurationError);
        expect(error.message).toContain(words);
        expect(error.report).toMatchObject({ loaded: 0, deadLettered: 0 });
        // What answers at once in part is told from what it gives, and rolled back.
        if (clients.some(([other]) => other === name)) expect(client.written).toEqual([]);
      },
    );
  }

  it.each([...clients, ...partly])(
    "is rejected by checkpoints and dead letters: %s",
    async (_, make) => {
      const { checkpoints, deadLetters } = sinkOf(make());
      expect(() => checkpoints.claim("k", { runId: "one", until: 2 }, 1)).toThrow(words);
      const writer = deadLetters().getWriter();
      writer.closed.catch(() => {});
      const facts = { pipeline: "p", runId: "r", offset: 0, at: 0, attempts: 1 };
      const letter = { ...facts, item: 1, stage: "load", error: new Error("no") } as const;
      await expect(writer.write(letter)).rejects.toThrow(words);
    },
  );

  it.each(openClients)("yields no promise as a row of a source: %s", async (_, make) => {
    const extract = () => sqliteSource(make().db as never, "select 1 as id");
    const run = etl({ name: "t", extract, load: () => {} }).run();
    await expect(run).rejects.toThrow(words);
    await expect(run).rejects.toMatchObject({ report: { extracted: 0 } });
  });

  it.each(
    clients.flatMap(([name, make]) => [[name, make, {}], [name, make, { key: "id" }]] as const),
  )(
    "is rejected by the source: %s, %o %o",
    async (_, make, options) => {
      const extract = () => sqliteSource(make().db as never, "select 1 as id", [], options);
      const error = await etl({ name: "t", extract, load: () => {} }).run().catch((error) => error);
      expect(error.cause).toBeInstanceOf(ConfigurationError);
      expect(error.report).toMatchObject({ extracted: 0 });
    },
  );
});
