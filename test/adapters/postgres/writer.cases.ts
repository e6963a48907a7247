import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { postgresSource } from "../../../src/adapters/postgres.ts";
import { etl } from "../../../src/etl/etl.ts";
import type { DeadLetter } from "../../../src/dead-letters/dead-letter.ts";
import { type Bench, contextOf } from "../../support/postgres/cases.ts";
import { clients, givenBack, sinkOf } from "../../support/postgres/clients.ts";

/** Somebody else, who has what the tested client waits for. */
interface Rival {
  run(text: string): Promise<Record<string, unknown>[]>;
  /** Resolves once a statement waits for a lock. */
  blocks(): Promise<void>;
  /** Resolves once none does. */
  blocksNone(): Promise<void>;
}

/** Defines the tests of what waits at the server while its signal aborts. */
export function testPostgresSignals(bench: Bench, name: string): void {
  // Connected when its tests begin, as others restart the server.
  describe("postgresSink() with a signal that aborts", () => testSignals(bench, name));
}

function testSignals(bench: Bench, name: string): void {
  let client: pg.Client;
  beforeAll(async () => {
    client = new pg.Client({ connectionString: bench.server().url });
    await client.connect();
  });
  afterEach(async () => void await client.query("rollback"));
  afterAll(() => client.end());
  const count = async () => {
    const { rows } = await client.query(
      `select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock'`,
    );
    return (rows as { n: number }[])[0]!.n;
  };
  const rival: Rival = {
    run: async (text) => (await client.query(text)).rows as Record<string, unknown>[],
    blocks: async () => {
      while (await count() === 0);
    },
    blocksNone: async () => {
      while (await count() > 0);
    },
  };
  testLoads(bench, rival, name);
  testOthers(bench, rival, name);
}

const abortable = (key?: string) => {
  const stop = new AbortController();
  const context = { ...contextOf(key, key === undefined ? undefined : [[0, 1]]) };
  return { stop, context: { ...context, signal: stop.signal } };
};

function testLoads({ tested, create, all, sink, server }: Bench, rival: Rival, name: string): void {
  const reason = new Error("Enough");

  it("rolls back every attempt of a run that takes too long, and loads nothing later", async () => {
    const table = await create("id int");
    const { load } = sink({ table, columns: ["id"] });
    await rival.run(`begin; lock table ${table}`);
    const letters: DeadLetter[] = [];
    const deadLetters = new WritableStream<DeadLetter>({ write: (one) => void letters.push(one) });
    const report = await etl({ name: "late", extract: () => [{ id: 0 }], load }).run({
      ...{ deadLetters, attemptTimeout: 60, retry: { maxAttempts: 4, baseDelay: 1 } },
    });
    await rival.blocksNone();
    await rival.run("commit");
    expect([report.deadLettered, letters.length]).toEqual([1, 1]);
    expect(await all(table)).toEqual([]);
    await givenBack(tested());
  });

  const methods = name === "postgres" ? ["insert"] as const : ["insert", "copy"] as const;
  it.each(methods)("loads nothing of a run that is aborted, by %s", async (method) => {
    const table = await create("id int");
    const { load, checkpoints } = sink({ table, columns: ["id"], method });
    await load([], contextOf()); // The table is known.
    await rival.run(`begin; lock table ${table}`);
    const items = Array.from({ length: 40 }, (_, id) => ({ id }));
    const run = etl({ name: `aborted ${name} ${method}`, extract: () => items, load })
      .start({ checkpoints, batchSize: 10, workers: tested().isSingle ? 1 : 4 });
    run.finished.catch(() => {});
    await rival.blocks();
    run.abort(reason);
    await expect(run.finished).rejects.toMatchObject({
      code: "CANCELLED",
      report: { pending: 40 },
    });
    await rival.blocksNone();
    await rival.run("commit");
    expect(await all(table)).toEqual([]);
    expect(await checkpoints.read(`aborted ${name} ${method}`)).toBeUndefined();
    await givenBack(tested());
  });

  it("rejects with the reason, and loads again on the same client", async () => {
    const table = await create("id int primary key");
    const { load } = sink({ table, columns: ["id"] });
    await rival.run(`begin; insert into ${table} values (1)`);
    const { stop, context } = abortable();
    const loading = load([{ id: 1 }], context);
    await rival.blocks();
    stop.abort(reason);
    await expect(loading).rejects.toBe(reason);
    await rival.run("rollback");
    await load([{ id: 1 }], contextOf());
    expect(await all(table)).toEqual([{ id: 1 }]);
  });

  it("rolls back if the commit itself waits", async () => {
    const table = await create("id int");
    await tested().run(`create table ${table}_lock (id int);
      create function ${table}_wait() returns trigger language plpgsql as $$ begin
        lock table ${table}_lock; return null; end $$;
      create constraint trigger late after insert on ${table} deferrable initially deferred
        for each row execute function ${table}_wait()`);
    const key = `commit ${name}`;
    const { load, checkpoints } = sink({ table, columns: ["id"] });
    await checkpoints.claim(key, { runId: "run", until: Date.now() + 60_000 }, Date.now());
    await rival.run(`begin; lock table ${table}_lock`);
    const { stop, context } = abortable(key);
    const loading = load([{ id: 1 }], context);
    await rival.blocks();
    stop.abort(reason);
    await expect(loading).rejects.toBe(reason);
    await rival.run("commit");
    expect(await all(table)).toEqual([]);
    expect(await checkpoints.read(key)).toBeUndefined();
  });

  it("loads nothing with a signal that has aborted before", async () => {
    const table = await create("id int");
    const { load } = sink({ table, columns: ["id"] });
    await load([{ id: 1 }], contextOf());
    const { stop, context } = abortable();
    stop.abort(reason);
    await expect(load([{ id: 2 }], context)).rejects.toBe(reason);
    expect(await all(table)).toEqual([{ id: 1 }]);
  });

  it("stops waiting for a connection, and closes", async () => {
    const other = await clients[name]!(server().url, 1);
    const table = await create("id int");
    const { load } = sinkOf(other, { table, columns: ["id"] });
    await load([{ id: 1 }], contextOf()); // The table is known.
    await rival.run(`begin; lock table ${table}`);
    const first = abortable();
    const second = abortable();
    const loads = [load([{ id: 2 }], first.context), load([{ id: 3 }], second.context)];
    await rival.blocks();
    second.stop.abort(reason);
    await expect(loads[1]).rejects.toBe(reason);
    await rival.run("commit");
    await loads[0];
    await other.close();
    expect(await all(table)).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it("reports how a load ended whose signal aborted at any time", async () => {
    const table = await create("id int");
    const { load, checkpoints } = sink({ table, columns: ["id"] });
    const key = `any time ${name}`;
    await checkpoints.claim(key, { runId: "run", until: Date.now() + 60_000 }, Date.now());
    const loaded: { id: number }[] = [];
    for (let id = 0; id < 40; id++) {
      const stop = new AbortController();
      const context = { ...contextOf(key, [[id, id + 1]]), signal: stop.signal };
      const loading = load([{ id }], context).then(() => void loaded.push({ id }), () => {});
      const turns = (id * 7) % 40;
      for (let turn = 0; turn < turns; turn++) await new Promise((go) => setTimeout(go, 0));
      stop.abort(reason);
      await loading;
    }
    expect(await all(table)).toEqual(loaded);
    await givenBack(tested());
  });
}

function testOthers({ tested, create, sink }: Bench, rival: Rival, name: string): void {
  it("writes no dead letter of a stream that is aborted", async () => {
    const { deadLetters } = sink({ table: "none", columns: ["none"] });
    const letter = { item: 1, error: "x", stage: "load", attempts: 1, at: 0 } as const;
    const ids = { pipeline: `aborted ${name}`, runId: "r", offset: 1 };
    await sink({ table: "none", columns: ["none"] }).checkpoints.read("k");
    const ready = deadLetters().getWriter();
    await ready.write({ ...letter, ...ids, pipeline: "ready" });
    await rival.run("begin; lock table millrace_dead_letter");
    const writer = deadLetters().getWriter();
    writer.closed.catch(() => {});
    const writing = writer.write({ ...letter, ...ids }).catch(() => {});
    await rival.blocks();
    await writer.abort(new Error("Enough"));
    await writing;
    await rival.run("commit");
    const letters = await tested().run(
      `select 1 from millrace_dead_letter where pipeline = '${ids.pipeline}'`,
    );
    expect(letters).toEqual([]);
    await givenBack(tested());
  });

  it.each(["dead_letter", "checkpoint"])(
    "leaves no write of a millrace_%s behind when its run was aborted",
    async (kind) => {
      const table = await create("id int");
      const { load, checkpoints, deadLetters } = sink({ table, columns: ["id"] });
      await checkpoints.read("k");
      const pipeline = `left ${name} ${kind}`;
      await etl({ name: `${pipeline} before`, extract: () => [{ id: "x" }], load })
        .run({ checkpoints, deadLetters: deadLetters() });
      await rival.run(`begin; lock table millrace_${kind} in exclusive mode`);
      const run = etl({ name: pipeline, extract: () => [{ id: "x" }], load }).start({
        ...{ abortTimeout: 10, deadLetters: deadLetters() },
        ...(kind === "checkpoint" && { checkpoints }),
      });
      run.finished.catch(() => {});
      await rival.blocks();
      run.abort(new Error("Enough"));
      await expect(run.finished).rejects.toMatchObject({ code: "CANCELLED" });
      await rival.blocksNone();
      await rival.run("commit");
      const rows = await tested().run(`select 1 from millrace_dead_letter
        where pipeline = '${pipeline}' union all
        select 1 from millrace_checkpoint where key = '${pipeline}'`);
      expect(rows).toEqual([]);
      await givenBack(tested());
    },
  );

  const ways = [["cursor", {}], ["key", { key: "id" }]] as const;
  it.each(ways)("ends the statement of a source that is cancelled, by %s", async (_, how) => {
    const table = await create("id int");
    await tested().run(`insert into ${table} values (1)`);
    await rival.run(`begin; lock table ${table}`);
    const { source } = postgresSource(tested().client, `select * from ${table}`, [], how);
    const reader = (source as ReadableStream<unknown[]>).getReader();
    const read = reader.read();
    await rival.blocks();
    await reader.cancel();
    expect(await read).toEqual({ done: true, value: undefined });
    await rival.blocksNone();
    await rival.run("commit");
    await givenBack(tested());
  });
}
