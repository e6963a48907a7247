import pg from "pg";
import { expect, it } from "vitest";
import {
  type PostgresClient,
  postgresSink,
  postgresSource,
} from "../../../../src/adapters/postgres.ts";
import { etl } from "../../../../src/etl/etl.ts";
import { type Bench, contextOf } from "../../../support/postgres/cases.ts";
import { clients, sinkOf } from "../../../support/postgres/clients.ts";
import { hasState } from "../../../support/postgres/sql-state.ts";

const rowsOf = (count: number) => Array.from({ length: count }, (_, id) => ({ id, v: "x" }));

/** Defines the tests of what a session has as its defaults, and of what ends it. */
export function testPostgresSessions(bench: Bench, name: string): void {
  testLevels(bench, name);
  testPlans(bench);
  testFirstCauses(bench, name);
}

function testLevels({ create, all, server }: Bench, name: string): void {
  const levels = ["read committed", "repeatable read", "serializable"];
  it.each(levels)("loads if sessions are %s by default", async (level) => {
    const owner = new pg.Client({ connectionString: server().url });
    await owner.connect();
    const role = `level_${level.replace(" ", "_")}`;
    await owner.query(
      `drop role if exists ${role}; create role ${role} login superuser password 'x';
      alter role ${role} set default_transaction_isolation = '${level}'`,
    );
    const table = await create("id int primary key, v text, level text default 'none'");
    await owner.query(`create function ${table}_level() returns trigger language plpgsql as $$ begin
        new.level = current_setting('transaction_isolation'); return new; end $$;
      create trigger level before insert on ${table} for each row execute function ${table}_level();
      create table if not exists ${table}_one (id int primary key, v text)`);
    const url = new URL(server().url);
    Object.assign(url, { username: role, password: "x" });
    const other = await clients[name]!(url.href);
    const sink = sinkOf(other, { table, columns: ["id", "v"] });
    const run = etl({
      name: `levels ${name} ${level}`,
      extract: () => rowsOf(60),
      transform: (row) => row.id % 10 === 9 ? { ...row, v: 1 as unknown as string } : row,
      load: sink.load,
    }).run({
      ...{ batchSize: 3, workers: 4, retry: { maxAttempts: 1 } },
      ...{ checkpoints: sink.checkpoints, deadLetters: sink.deadLetters() },
    });
    await expect(run).resolves.toMatchObject({ loaded: 54, deadLettered: 6 });
    expect(new Set((await all(table)).map((row) => row["level"]))).toEqual(
      new Set(["read committed"]),
    );
    // One row for all workers, and no checkpoints: what a session would refuse as a conflict.
    const one = sinkOf(other, { table: `${table}_one`, columns: ["id", "v"], conflict: "replace" });
    await etl({
      name: "one",
      extract: () => rowsOf(60),
      load: (rows, context) => one.load(rows.map(({ v }) => ({ id: 1, v })), context),
    })
      .run({ batchSize: 1, workers: 4, retry: { maxAttempts: 1 } });
    await other.close();
    await owner.end();
  });
}

function testPlans({ create, tested }: Bench): void {
  it.each([{ key: "id" }, {}])(
    "continues to read if a table changes between two pages: %o",
    async (how) => {
      const table = await create("id int");
      await tested().run(`insert into ${table} select generate_series(1, 6)`);
      const read = async () => {
        const seen: unknown[] = [];
        const query = `select * from ${table} where id > $1`;
        const { source } = postgresSource(tested().client, query, [0], { chunkSize: 2, ...how });
        for await (const chunk of source as ReadableStream<{ id: number }[]>) {
          if (seen.length === 0 && "key" in how) {
            await tested().run(
              `alter table ${table} add b int`,
            );
          }
          seen.push(...chunk.map(({ id }) => id));
        }
        return seen;
      };
      expect(await read()).toEqual([1, 2, 3, 4, 5, 6]);
      await tested().run(`alter table ${table} add c int`);
      if (!("key" in how)) expect(await read()).toEqual([1, 2, 3, 4, 5, 6]);
    },
  );
}

function testFirstCauses({ create, sink, tested, server }: Bench, name: string): void {
  // That of postgres tells nobody what a connection says between two statements (3.4.9).
  it.skipIf(name === "postgres")("reports why a connection ended between two reads", async () => {
    const other = await clients[name]!(server().url);
    const client = other.client as PostgresClient;
    const query = `select n, pg_backend_pid() as pid from generate_series(1, 9) as n,
      set_config('idle_in_transaction_session_timeout', '50', false)`;
    const { source } = postgresSource<{ n: number; pid: number }>(client, query, [], {
      chunkSize: 1,
    });
    const reader = (source as ReadableStream<unknown[]>).getReader();
    const [{ pid }] = (await reader.read()).value as [{ pid: number }];
    if (other.isSingle) await other.run("set idle_session_timeout = 50");
    const isThere = `select pid from pg_stat_activity where pid = ${pid}`;
    while ((await tested().run(isThere)).length > 0) await new Promise((go) => setTimeout(go, 20));
    const readOn = async () => {
      while (!(await reader.read()).done);
    };
    await expect(readOn()).rejects.toSatisfy(hasState(other.isSingle ? "57P05" : "25P03"));
    await other.close().catch(() => {});
  });

  it("stores the SQLSTATE with a dead letter", async () => {
    const table = await create("id int primary key");
    const { load, deadLetters } = sink({ table, columns: ["id"] });
    await load([{ id: 1 }], contextOf());
    const pipeline = `state ${name}`;
    await etl({ name: pipeline, extract: () => [{ id: 1 }], load })
      .run({ deadLetters: deadLetters() });
    expect(
      await tested().run(
        `select error_code from millrace_dead_letter where pipeline = '${pipeline}'`,
      ),
    ).toEqual([{ error_code: "23505" }]);
  });
}

/** Defines the test of a name that looks like a part of a statement. */
export function testPostgresCopyNames({ tested, create, all }: Bench): void {
  it.each(["read stdin now", "a from stdin", "$1", "'/dev/blob'"])(
    "copies into a column named %s",
    async (column) => {
      const table = await create(`id int, "${column}" text`);
      const { load } = postgresSink(tested().client, {
        ...{ table, columns: ["id", column], method: "copy" },
        copyFrom: (await import("pg-copy-streams")).from,
      });
      await load([{ id: 1, [column]: "x" }], contextOf());
      expect(await all(table)).toEqual([{ id: 1, [column]: "x" }]);
    },
  );
}
