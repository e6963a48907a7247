import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { etl } from "../../../../src/etl/etl.ts";
import type { RunOptions } from "../../../../src/pipeline/run-options.ts";
import type { DeadLetter } from "../../../../src/dead-letters/dead-letter.ts";
import { clients, sinkOf, type TestClient } from "../../../support/postgres/clients.ts";
import type { Bench } from "../../../support/postgres/cases.ts";
import { type PostgresProxy, proxyTo } from "../../../support/postgres/proxy.ts";

interface Row {
  readonly id: number;
}

/** Defines the tests of answers to a commit that are lost: no item is a row and a letter. */
export function testPostgresAnswers({ create, all, server }: Bench, name: string): void {
  describe("a commit whose answer is lost", () => {
    let [proxy, client] = [undefined, undefined] as unknown as [PostgresProxy, TestClient];
    beforeAll(async () => {
      proxy = await proxyTo(server().url);
      client = await clients[name]!(proxy.url);
    });
    afterAll(async () => {
      await client.close().catch(() => {});
      await proxy.close();
    });
    const canReconnect = name !== "pg Client"; // One client is one connection.

    /** Runs ids below a count, of which 5 is bad, and tells what there is then. */
    const bench = async (count: number, cut: () => void) => {
      const table = await create("id int check (id <> 5)");
      let isCut = false;
      const sink = sinkOf(client, { table, columns: ["id"] });
      const letters: number[] = [];
      const deadLetters = () =>
        new WritableStream<DeadLetter<Row>>({ write: ({ item }) => void letters.push(item.id) });
      const extract = () => Array.from({ length: count }, (_, id) => ({ id }));
      const transform = (row: Row) => {
        if (!isCut) cut(); // What is asked for before is no load.
        isCut = true;
        return row;
      };
      const job = etl<Row, Row>({ name: table, extract, transform, load: sink.load });
      const run = async (options: RunOptions<Row>) =>
        await job.run({ checkpoints: sink.checkpoints, deadLetters, ...options })
          .catch((error: Error) => error);
      const read = async () => (await all(table)).map(({ id }) => id as number);
      return { run, letters, read, table };
    };

    const cuts = [1, 2, 3].flatMap((cut) => [1, 4].map((batchSize) => [cut, batchSize] as const));
    it.runIf(canReconnect).each(cuts)(
      "dead-letters no row that is stored: answer %i, batches of %i",
      async (cut, batchSize) => {
        const { run, letters, read } = await bench(8, () => proxy.cutAnswer(cut));
        await run({ batchSize });
        const first = await read();
        expect(letters.filter((id) => first.includes(id))).toEqual([]);
        const report = await run({ batchSize });
        expect(report).toMatchObject({ outcome: "completed" });
        expect(await read()).toEqual([0, 1, 2, 3, 4, 6, 7]);
        expect([...new Set(letters)]).toEqual([5]);
      },
    );

    it.runIf(canReconnect)(
      "has a row or a dead letter if it is still under way",
      async () => {
        const { run, letters, read, table } = await bench(1, () => proxy.cutBehind(1));
        await client.run(`create function ${table}_slow() returns trigger language plpgsql as $$
        begin perform pg_sleep(0.5); return new; end $$;
        create constraint trigger slow after insert on ${table} deferrable initially deferred
          for each row execute function ${table}_slow()`);
        const report = await run({ batchSize: 1 }); // It may have the server end the commit.
        const found = await read();
        expect([...found, ...letters]).toEqual([0]);
        expect(report).toMatchObject({ loaded: found.length, deadLettered: letters.length });
      },
    );

    it.runIf(canReconnect)("is looked up again if it cannot be looked up", async () => {
      const { run, letters, read } = await bench(1, () => {
        proxy.turnAway(1);
        proxy.cutAnswer(1);
      });
      const retry = { maxAttempts: 9, baseDelay: 1, isRetriable: () => true };
      expect(await run({ batchSize: 1, retry })).toMatchObject({ loaded: 1, deadLettered: 0 });
      expect([await read(), letters]).toEqual([[0], []]);
      proxy.letIn();
    });

    // Where the runtime tells a reset as an end, postgres connects for ever (3.4.9).
    const givesUp = name !== "postgres" || !("Deno" in globalThis || "Bun" in globalThis);
    it.runIf(givesUp)(
      "fails the run if nobody can look it up, and the next run finds it",
      async () => {
        const { run, letters, read } = await bench(2, () => {
          proxy.turnAway(Infinity);
          proxy.cutAnswer(1);
        });
        const failed = await run({ batchSize: 1 });
        expect(failed).toMatchObject({ stage: expect.stringMatching("load|checkpoints") });
        expect([await read(), letters]).toEqual([[0], []]);
        proxy.letIn();
        if (!canReconnect) return;
        expect(await run({ batchSize: 1 })).toMatchObject({ loaded: 1 });
        expect([await read(), letters]).toEqual([[0, 1], []]);
      },
    );
  });
}
