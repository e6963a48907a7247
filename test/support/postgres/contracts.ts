import pg from "pg";
import { it } from "vitest";
import { postgresSink, tombstone } from "../../../src/adapters/postgres.ts";
import {
  type ChildRow,
  type SinkRow,
  testCheckpointStore,
  testDeadLetters,
  type TestedTables,
  type TestedTablesSettings,
  testSink,
} from "../../../src/adapters/testing.ts";
import { decodeItem } from "../../../src/dead-letters/dead-letter-json.ts";
import { letterOf } from "../dead-letters/letters.ts";
import { testPostgresJobs } from "../../adapters/postgres/job-store.cases.ts";
import type { Bench } from "./cases.ts";
import type { PostgresServer } from "./server.ts";

const columns = "id int primary key, name text not null";

/** The sink and its checkpoints keep the contracts. */
export function testPostgresContracts(bench: Bench, server: () => PostgresServer): void {
  testCheckpointStore(it, {
    create: () => bench.sink({ table: "none", columns: ["none"] }).checkpoints,
  });
  testPostgresLetters(bench);
  testPostgresJobs(bench);
  testSink(it, {
    create: async () => {
      const table = await bench.create(columns);
      const sink = bench.sink({ table, columns: ["id", "name"] });
      const rows = async () => await bench.all(table) as { id: number; name: string }[];
      const close = () => bench.tested().run(`drop table if exists ${table}`);
      const hold = bench.tested().isSingle ? undefined : () => lock(server(), table);
      return { ...sink, rows, dropTable: close, close, ...(hold && { hold }) };
    },
    tombstone: (id) => tombstone({ id }),
    createTables: (settings) => linkedTables(bench, settings),
    createWrite: async (write) => {
      const table = await bench.create(columns);
      const sink = postgresSink<SinkRow>(bench.tested().client, {
        write: (tx, rows) => write((rows) => tx.insert(table, rows), rows),
      });
      const rows = async () => await bench.all(table) as { id: number; name: string }[];
      return { ...sink, rows, close: () => bench.tested().run(`drop table ${table}`) };
    },
  });
}

/** Letters that are written together are kept by one statement, or by several in a transaction. */
function testPostgresLetters({ tested, sink }: Bench): void {
  const create = async () => {
    const { deadLetters } = sink({ table: "none", columns: ["none"] });
    await deadLetters().getWriter().write(letterOf(0)); // The table is there from now on.
    await tested().run("delete from millrace_dead_letter");
    const stream = deadLetters();
    const letters = async () => {
      const rows = await tested().run("select * from millrace_dead_letter order by id");
      return rows.map((row) => ({ ...row, item: decodeItem(row["item"] as string) })) as never;
    };
    return { stream, letters };
  };
  testDeadLetters((name, test) => name.includes("together") && it(name, test), { create });
}

/** A sink of the tables that `testSink` asks for. */
async function linkedTables(
  { tested, all }: Bench,
  { conflict, missing }: TestedTablesSettings,
): Promise<TestedTables> {
  await tested().run(`create table parent (${columns});
    create table child (${columns}, parent_id int not null references parent)`);
  const parent = { table: "parent", on: { parent_id: "id" } };
  return {
    ...postgresSink(tested().client, {
      conflict,
      tables: { parent: {}, child: { parent, missing } },
    }),
    parents: async () => await all("parent") as unknown as SinkRow[],
    children: async () => await all("child") as unknown as ChildRow[],
    close: () => tested().run("drop table child, parent"),
  };
}

/** Locks a table, and gives what unlocks it. */
async function lock(server: PostgresServer, table: string): Promise<() => Promise<void>> {
  const owner = new pg.Client({ connectionString: server.url });
  await owner.connect();
  await owner.query(`begin; lock table ${table} in access exclusive mode`);
  return () => owner.end();
}
