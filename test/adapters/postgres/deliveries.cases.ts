import { describe, expect, it } from "vitest";
import { type PostgresSink, postgresSink } from "../../../src/adapters/postgres.ts";
import { etl, leased, type RunReport } from "../../../src/index.ts";
import { isLeftOpen } from "../../../src/retry/open-outcome.ts";
import { clients } from "../../support/postgres/clients.ts";
import { proxyTo } from "../../support/postgres/proxy.ts";
import type { Bench } from "../../support/postgres/cases.ts";

interface Message {
  readonly id: number;
  readonly name: string;
}

interface Given {
  readonly load: unknown;
  /** The name of the source: the ids of another one are others. */
  readonly name?: string;
  readonly acknowledge?: () => void;
}

const columns = "id int, name text"; // What is loaded twice is there twice.
const messages = (...ids: readonly number[]) => ids.map((id): Message => ({ id, name: `n${id}` }));

/** Loads messages that a broker lends. */
function consume(
  items: readonly Message[],
  { load, name = "messages", acknowledge = () => {} }: Given,
): Promise<RunReport> {
  const extract = () => leased(items, { acknowledge, idOf: ({ id }) => `m${id}` });
  return etl<Message>({ name, extract, load: load as () => void })
    .run({ batchSize: 3, guarantee: "effectively-once" });
}

/** What a load is told of the deliveries that it finishes. */
function told(...ids: readonly string[]) {
  return { runId: "run", batch: { attempt: 1, deliveries: { source: "s", ids } } };
}

/** Defines the tests of deliveries that are committed beside the rows. */
export function testPostgresDeliveries(
  { tested, create, all, sink, server }: Bench,
  name: string,
): void {
  const idsIn = async (table: string) => (await all(table)).map(({ id }) => id);
  const forget = () => tested().run("drop table if exists millrace_delivery");
  const kept = async () =>
    (await tested().run("select id from millrace_delivery")).map(({ id }) => id).sort();

  describe("deliveries", () => {
    it("make no table where nobody has any", async () => {
      await forget();
      const { load } = sink({ table: await create(columns) });
      await etl({ name: "plain", extract: () => messages(1, 2), load }).run();
      const [row] = await tested().run("select to_regclass('millrace_delivery') is null as gone");
      expect(row).toEqual({ gone: true });
    });

    it("are in one commit with their rows, so that none is loaded twice", async () => {
      await forget();
      const table = await create(columns);
      const given = sink({ table });
      expect(await consume(messages(1, 2, 3, 4), given)).toMatchObject({
        ...{ guarantee: "effectively-once", loaded: 4, skipped: 0 },
      });
      const again = await consume(messages(4, 5, 1, 5, 6), sink({ table }));
      expect(again).toMatchObject({ loaded: 2, skipped: 3 });
      expect(await idsIn(table)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(await consume(messages(1), { ...given, name: "others" })).toMatchObject({ loaded: 1 });
    });

    it("are left out when they come again after a crash between commit and acknowledgement", async () => {
      await forget();
      const table = await create(columns);
      const acknowledge = () => {
        throw new Error("gone");
      };
      const crashed = consume(messages(1, 2, 3), { ...sink({ table }), acknowledge });
      await expect(crashed).rejects.toThrow("gone");
      const again = await consume(messages(3, 2, 1), sink({ table }));
      expect(again).toMatchObject({ loaded: 0, skipped: 3, deadLettered: 0 });
      expect(await idsIn(table)).toEqual([1, 2, 3]);
    });

    it.runIf(name === "pg Pool")(
      "are looked up where the answer to their commit was lost",
      async () => {
        await forget();
        const table = await create(columns);
        const proxy = await proxyTo(server().url);
        const { client, close } = await clients[name]!(proxy.url);
        const { load } = postgresSink(client, {
          write: async (tx, rows: readonly Message[]) => {
            await tx.insert(table, rows);
            await tx.query(`update ${table} set name = 'a' where id = 0`); // What the proxy knows loads by.
          },
        });
        await load(messages(0), told("first"));
        proxy.cutAnswer(1);
        await load(messages(1, 2), told("a", "b"));
        proxy.turnAway(Infinity); // Some clients would connect for ever.
        proxy.cutAnswer(1);
        const error = await load(messages(3), told("c")).catch((error) => error);
        expect(isLeftOpen(error)).toBe(true);
        await close().catch(() => {});
        await proxy.close();
        expect(await idsIn(table)).toEqual([0, 1, 2, 3]);
      },
    );

    it("are rolled back with their rows, and what is there is told as it is", async () => {
      await forget();
      const table = await create(`${columns}, check (id <> 2)`);
      const { load } = sink({ table });
      await expect(load(messages(1, 2), told("a", "b\0"))).rejects.toMatchObject({ code: "BATCH" });
      expect([await idsIn(table), await kept()]).toEqual([[], []]);
      await load(messages(1, 3), told("b\0", "a"));
      const error = await load(messages(4, 2), told("c", "b\0")).catch((error) => error);
      expect(error).toMatchObject({ code: "DELIVERED", delivered: new Set(["b\0"]) });
      expect([await idsIn(table), await kept()]).toEqual([[1, 3], [JSON.stringify("b\0"), "a"]]);
    });

    it("are those of several tables, of a function and of a wrapped load too", async () => {
      const table = await create(columns);
      const { client } = tested();
      const sinks = [
        postgresSink(client, { write: (tx, rows: readonly Message[]) => tx.insert(table, rows) }),
        { load: sink({ table }).wrap<Message>((rows, _, load) => load(rows)) },
        {
          load: postgresSink(client, { tables: { [table]: {} } })
            .wrap<Message>((rows, _, load) => load(rows.map((row) => ({ [table]: row })))),
        },
      ];
      await forget();
      for (const given of sinks) {
        await tested().run(`delete from ${table}`);
        if (given !== sinks[0]) await tested().run("delete from millrace_delivery");
        expect(await consume(messages(1, 2), given)).toMatchObject({ loaded: 2 });
        expect(await consume(messages(2, 3), given)).toMatchObject({ loaded: 1, skipped: 1 });
        expect(await idsIn(table)).toEqual([1, 2, 3]);
      }
    });

    it("are kept where their load has left out all of its rows", async () => {
      await forget();
      const { wrap } = sink({ table: await create(columns) });
      await consume(messages(1), { load: wrap(() => {}) });
      expect(await kept()).toEqual(["m1"]);
    });

    it("are forgotten after `keepDeliveries` milliseconds by the clock of the server", async () => {
      await forget();
      const table = await create(columns);
      const keeping = (keepDeliveries: number): PostgresSink =>
        postgresSink(tested().client, { table, keepDeliveries });
      await consume(messages(1), keeping(1));
      await tested().run("update millrace_delivery set at = at - 1e9");
      await consume(messages(2), keeping(2e9));
      await consume(messages(3), keeping(Infinity));
      expect(await kept()).toEqual(["m1", "m2", "m3"]);
      await consume(messages(4), keeping(5e8));
      expect(await kept()).toEqual(["m2", "m3", "m4"]);
    });

    for (const end of ["commits", "fails"] as const) {
      it(`wait for another load that has some of them, and ${end}`, async () => {
        if (tested().isSingle) return; // One load waits for the other anyway.
        await forget();
        const table = await create(columns);
        const { load } = sink({ table });
        await load(messages(0), told("first"));
        const [inside, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        const slow = postgresSink(tested().client, {
          write: async (tx, rows: readonly Message[]) => {
            inside.resolve();
            await go.promise;
            await tx.insert(table, rows);
            if (end === "fails") throw new Error("no");
          },
        }).load(messages(1, 2), told("a", "b"));
        const ended = slow.catch(({ message }) => message);
        await inside.promise;
        const other = load(messages(2, 3), told("c", "b")).catch(({ delivered }) => delivered);
        const waiting = async () => await tested().run("select 1 from pg_locks where not granted");
        while ((await waiting()).length === 0);
        go.resolve();
        expect(await ended).toEqual(end === "fails" ? "no" : undefined);
        expect(await other).toEqual(end === "fails" ? undefined : new Set(["b"]));
        expect(await idsIn(table)).toEqual(end === "fails" ? [0, 2, 3] : [0, 1, 2]);
      });
    }

    it.each([0, -1, 1.5, NaN, "7"])("are kept for a whole time, not for %s", (keepDeliveries) => {
      const options = { table: "t", keepDeliveries: keepDeliveries as number };
      expect(() => postgresSink(tested().client, options)).toThrow(
        "Cannot construct postgresSink as 'keepDeliveries' must be ",
      );
    });
  });
}
