import type { DuckDBConnection } from "@duckdb/node-api";
import { describe, expect, it } from "vitest";
import { duckdbSink } from "../../../src/adapters/duckdb.ts";
import { etl, leased, type RunReport } from "../../../src/index.ts";
import { connectionsOf, textsOf } from "../../support/duckdb/client.ts";

interface Message {
  readonly id: number;
  readonly name: string;
}

const table = "create table output (id integer, name varchar)"; // Loaded twice is there twice.
const messages = (...ids: readonly number[]) => ids.map((id): Message => ({ id, name: `n${id}` }));

/** Loads messages that a broker lends. */
function consume(
  connection: DuckDBConnection,
  items: readonly Message[],
  { load }: { load: unknown } = duckdbSink(connection, { table: "output" }),
): Promise<RunReport> {
  const extract = () => leased(items, { acknowledge: () => {}, idOf: ({ id }) => `m${id}` });
  return etl<Message>({ name: "messages", extract, load: load as () => void })
    .run({ batchSize: 3, guarantee: "effectively-once" });
}

/** Deliveries that are committed beside the rows. */
export function testDuckdbDeliveries(): void {
  describe("deliveries in DuckDB", () => {
    const connections = connectionsOf();
    const ids = "select id from output order by rowid";
    const kept = "select id from millrace_delivery order by id";

    it("are in one commit with their rows, so that none is loaded twice", async () => {
      const connection = await connections.open(table);
      expect(await consume(connection, messages(1, 2, 3, 4))).toMatchObject({
        ...{ guarantee: "effectively-once", loaded: 4, skipped: 0 },
      });
      expect(await consume(connection, messages(4, 5, 1, 5, 6))).toMatchObject({
        ...{ loaded: 2, skipped: 3 },
      });
      expect((await textsOf(connection, ids)).flat()).toEqual(["1", "2", "3", "4", "5", "6"]);
      expect((await textsOf(connection, "select source, id from millrace_delivery order by id"))[0])
        .toEqual(["messages", "m1"]);
    });

    it("are rolled back with their rows, also where their table was made", async () => {
      const connection = await connections.open(
        "create table output (id integer check (id <> 2), name varchar)",
      );
      const sink = duckdbSink(connection, { table: "output" });
      await expect(consume(connection, messages(1, 2, 3), sink)).rejects.toThrow();
      expect(await textsOf(connection, ids)).toEqual([]);
      expect(await consume(connection, messages(1, 3), sink)).toMatchObject({ loaded: 2 });
    });

    it("are those of a function and of a wrapped load too", async () => {
      const connection = await connections.open(table);
      const sinks = [
        duckdbSink(connection, {
          write: (tx, rows: readonly Message[]) => tx.insert("output", rows),
        }),
        {
          load: duckdbSink(connection, { table: "output" })
            .wrap<Message>(async (rows, _, load) => await load(rows)),
        },
      ];
      for (const sink of sinks) {
        await connection.run("delete from output");
        if (sink !== sinks[0]) await connection.run("delete from millrace_delivery");
        expect(await consume(connection, messages(1, 2), sink)).toMatchObject({ loaded: 2 });
        expect(await consume(connection, messages(2, 3), sink))
          .toMatchObject({ loaded: 1, skipped: 1 });
        expect(await textsOf(connection, ids)).toHaveLength(3);
      }
    });

    it("are there once where two connections load the same at a time", async () => {
      const [one, two] = await connections.openTwo(table);
      const reports = await Promise.all([one, two].map((own) => consume(own, messages(1, 2, 3))));
      expect(reports.map(({ loaded, skipped }) => loaded + skipped)).toEqual([3, 3]);
      expect((await textsOf(one, ids)).flat().sort()).toEqual(["1", "2", "3"]);
      expect((await textsOf(one, kept)).flat()).toEqual(["m1", "m2", "m3"]);
    });

    it("are forgotten after `keepDeliveries` milliseconds", async () => {
      const connection = await connections.open(table);
      await consume(connection, messages(1));
      await connection.run('update millrace_delivery set "at" = "at" - 5000');
      const long = duckdbSink(connection, { table: "output", keepDeliveries: 10_000 });
      await consume(connection, messages(2), long);
      expect((await textsOf(connection, kept)).flat()).toEqual(["m1", "m2"]);
      const short = duckdbSink(connection, { table: "output", keepDeliveries: 1000 });
      await consume(connection, messages(3), short);
      expect((await textsOf(connection, kept)).flat()).toEqual(["m2", "m3"]);
    });

    it.each([0, -1, 1.5, NaN, "7"])("are kept for a whole time, not for %s", async (given) => {
      const connection = await connections.open(table);
      const options = { table: "output", keepDeliveries: given as number };
      expect(() => duckdbSink(connection, options)).toThrow(
        "Cannot construct duckdbSink as 'keepDeliveries' must be ",
      );
    });
  });
}
