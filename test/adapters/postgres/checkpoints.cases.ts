import postgres from "postgres";
import { expect, it, vi } from "vitest";
import { postgresSink } from "../../../src/adapters/postgres.ts";
import { etl, type RunEvent } from "../../../src/index.ts";
import type { Bench } from "../../support/postgres/cases.ts";

const retry = { maxAttempts: 2000, baseDelay: 25, factor: 1, jitter: "none" } as const;

/**
 * The client asks each new connection for the types of arrays, and handles no failure of that: where
 * the server goes just then, the rejection is nobody's.
 */
const steadyClient = (url: string) =>
  postgres(url, { max: 10, onnotice: () => {}, backoff: false, fetch_types: false });

/** Defines the tests of runs during which the server is away, and of whose clock claims go by. */
export function testPostgresOutage({ tested, create, sink, server }: Bench, name: string): void {
  const canReconnect = name !== "pg Client" && name !== "PGlite";

  /** Runs a pipeline of 60 items, each seventh of them bad; tells what it has loaded and kept. */
  const runWith = async (onEvent: (event: RunEvent) => void) => {
    const table = await create("id int");
    const options = { table, columns: ["id"] };
    const own = name === "postgres" ? steadyClient(server().url) : undefined;
    const { load, checkpoints, deadLetters } = own ? postgresSink(own, options) : sink(options);
    const report = await etl<{ id: number }>({
      name: table,
      extract: () => Array.from({ length: 60 }, (_, id) => ({ id })),
      transform: (row) => {
        if (row.id % 7 === 0) throw new Error("bad");
        return row;
      },
      load,
    }).run({
      ...{ checkpoints, deadLetters, retry: { load: retry }, lease: 300 },
      ...{ batchSize: 2, workers: 3, observer: onEvent, position: ({ id }) => id },
    });
    await own?.end({ timeout: 5 });
    const rows = await tested().run(`select id from ${table} order by id`);
    const letters = await tested().run(
      `select distinct item_offset::int as id from millrace_dead_letter
        where pipeline = '${table}' order by 1`,
    );
    return { report, ids: [rows, letters].map((all) => all.map(({ id }) => id)) };
  };

  const bad = [0, 7, 14, 21, 28, 35, 42, 49, 56];
  const good = Array.from({ length: 60 }, (_, id) => id).filter((id) => !bad.includes(id));

  for (const how of ["restart", "crash"] as const) {
    it.runIf(canReconnect)(
      `fails no run with checkpoints and dead letters if the server has to ${how}`,
      async () => {
        let isBack: Promise<void> | undefined;
        const { report, ids } = await runWith(({ type }) => {
          if (type === "batch:load") isBack ??= server()[how]();
        });
        await isBack;
        expect(report).toMatchObject({ outcome: "completed", loaded: good.length, pending: 0 });
        expect(report).toMatchObject({ deadLettered: bad.length, checkpoint: { offset: 60 } });
        expect(ids).toEqual([good, bad]);
      },
    );
  }

  it.runIf(canReconnect)("fails no run that begins while the server is down", async () => {
    let isBack: Promise<void> | undefined;
    const { report, ids } = await runWith(({ type }) => {
      if (type === "run:start") isBack = server().restart();
    });
    await isBack;
    expect(report).toMatchObject({ outcome: "completed", loaded: good.length });
    expect(ids).toEqual([good, bad]);
  });

  it("starts a run once the lease is over by the clock of the server", async () => {
    const { checkpoints } = sink({ table: "none", columns: ["none"] });
    const key = `server clock ${name}`;
    const year = 365 * 86_400_000;
    const skews = [["ahead", Date.now() + year], ["behind", 1]] as const;
    for (const [when, until] of skews) {
      const dead = { runId: "dead", until, lease: 50 };
      const next = { runId: "next", until: 5, lease: 60_000 };
      expect(await checkpoints.claim(`${key} ${when}`, dead, 0)).toEqual(dead);
      await vi.waitFor(async () => {
        expect(await checkpoints.claim(`${key} ${when}`, next, 0)).toEqual(next);
      }, { timeout: 20_000, interval: 20 });
      // The lease of this one is not over, whatever its time looks like.
      expect(await checkpoints.claim(`${key} ${when}`, dead, 0)).toEqual(next);
    }
  });
}
