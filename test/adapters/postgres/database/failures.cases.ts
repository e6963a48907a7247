import { expect, it } from "vitest";
import {
  type PgPool,
  type PgPoolClient,
  postgresSink,
  postgresSource,
} from "../../../../src/adapters/postgres.ts";
import { type Bench, contextOf } from "../../../support/postgres/cases.ts";
import { clients, givenBack, sinkOf } from "../../../support/postgres/clients.ts";

/** Defines the tests of connections that are lost, which only a server can lose. */
export function testPostgresFailures(
  { tested, create, all, sink, server }: Bench,
  name: string,
): void {
  const canReconnect = name !== "pg Client"; // One client is one connection.
  const row = (id: number) => ({ id });

  it.runIf(canReconnect)("passes on that the connection was lost, and loads again", async () => {
    const table = await create("id int");
    await tested().run(`create sequence ${table}_inserts;
      create function ${table}_end() returns trigger language plpgsql as $$ begin
        if nextval('${table}_inserts') in (2, 5) then
          perform pg_terminate_backend(pg_backend_pid());
        end if;
        return new; end $$;
      create trigger ends before insert on ${table} for each row execute function ${table}_end()`);
    const key = `lost ${name}`;
    const { load, checkpoints } = sink({ table, columns: ["id"] });
    await checkpoints.claim(key, { runId: "run", until: 2000 }, 1000);
    const context = (attempt: number) => contextOf(key, [[0, 3]], { attempt });
    const rows = [row(1), row(2), row(3)];
    await expect(load(rows, context(1))).rejects.toThrow();
    await expect(load(rows, context(2))).rejects.toThrow();
    await load(rows, context(3));
    await load(rows, context(4));
    expect(await all(table)).toEqual(rows);
    expect(await checkpoints.read(key)).toMatchObject({ offset: 3 });
    await givenBack(tested());
  });

  it.runIf(canReconnect)(
    "fails if a cursor has lost its connection between two reads",
    async () => {
      const { source } = postgresSource(
        tested().client,
        "select 1 from generate_series(1, 9)",
        [],
        {
          chunkSize: 1,
        },
      );
      const reader = (source as ReadableStream<unknown[]>).getReader();
      await reader.read();
      await reader.read();
      // By what it was last asked: its answer may come before its state is told.
      await tested().run(`select pg_terminate_backend(pid, 5000) from pg_stat_activity
        where query ilike 'fetch %' and pid <> pg_backend_pid()`);
      const readOn = async () => {
        while (!(await reader.read()).done);
      };
      await expect(readOn()).rejects.toThrow();
      await givenBack(tested());
    },
  );

  it.runIf(canReconnect)("continues once the server is back", async () => {
    const table = await create("id int");
    const key = `restart ${name}`;
    const { load, checkpoints } = sink({ table, columns: ["id"] });
    await checkpoints.claim(key, { runId: "run", until: 2000 }, 1000);
    await load([row(1)], contextOf(key, [[0, 1]]));
    await server().restart();
    // The first statement of each connection may find out that it is closed.
    await load([row(2)], contextOf(key, [[1, 2]])).catch(() => {});
    await load([row(2)], contextOf(key, [[1, 2]], { attempt: 2 }));
    expect(await all(table)).toEqual([row(1), row(2)]);
    expect(await checkpoints.read(key)).toMatchObject({ offset: 2 });
  });

  it.runIf(name === "pg Pool")(
    "loads nothing twice if the answer to a commit was lost",
    async () => {
      const table = await create("id int");
      const pool = tested().client as PgPool;
      let losses = 1;
      const lossy: PgPool = {
        totalCount: 0,
        query: () => Promise.reject(new Error("Not used")),
        connect: (callback) =>
          pool.connect((error, client) => callback(error, client && losing(client))),
      };
      const losing = (client: PgPoolClient): PgPoolClient => {
        const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
        const lose = async (...args: unknown[]) => {
          const answer = await query(...args);
          if (args[0] === "commit" && losses-- > 0) throw new Error("The connection was lost");
          return answer;
        };
        return {
          query: lose as typeof client.query,
          connect: () => client.connect(),
          on: (event, listener) => client.on(event, listener),
          removeListener: (event, listener) => client.removeListener(event, listener),
          release: (error) => client.release(error),
        };
      };
      const { load, checkpoints } = postgresSink(lossy, { table, columns: ["id"] });
      await checkpoints.claim("answer", { runId: "run", until: 2000 }, 1000);
      const rows = [row(1), row(2)];
      await load(rows, contextOf("answer", [[0, 2]])); // It finds its mark.
      expect(losses).toBe(0);
      await load(rows, contextOf("answer", [[0, 2]], { attempt: 2 }));
      expect(await all(table)).toEqual(rows);
    },
  );

  it("rejects when the connection is closed", async () => {
    const table = await create("id int");
    const other = await clients[name]!(server().url);
    const { load } = sinkOf(other, { table, columns: ["id"] });
    await load([row(1)], contextOf());
    await other.close();
    await expect(load([row(2)], contextOf())).rejects.toThrow();
    expect(await all(table)).toEqual([row(1)]);
  });
}
