import { afterAll, beforeAll, describe } from "vitest";
import { benchOf } from "./cases.ts";
import { testPostgresGrowth } from "../../adapters/postgres/add-columns.cases.ts";
import { testPostgresBatches } from "../../adapters/postgres/table/bad-rows.cases.ts";
import { testedClients } from "./clients.ts";
import {
  testPostgresChangedRows,
  testPostgresColumns,
} from "../../adapters/postgres/insert.cases.ts";
import { type PostgresServer, startPostgres } from "./server.ts";
import { testPostgresTables } from "../../adapters/postgres/known-table.cases.ts";
import { testPostgresTexts } from "../../adapters/postgres/values.cases.ts";
import { testPostgresUpserts } from "../../adapters/postgres/table/unique-indexes.cases.ts";

/** Defines the tests of what a sink knows of its table, for every kind of client, on one server. */
export function testPostgresSink(): void {
  let server: PostgresServer | undefined;
  beforeAll(async () => void (server = await startPostgres()), 180_000);
  afterAll(() => server?.stop());
  describe.each(testedClients)("postgresSink of %s", (name) => {
    const bench = benchOf(name, () => server!);
    const canCopy = name !== "postgres";
    testPostgresUpserts(bench, name !== "PGlite"); // Which has no collations of ICU.
    testPostgresTables(bench, canCopy);
    testPostgresColumns(bench, canCopy);
    if (name === "pg Pool") testPostgresChangedRows(bench); // What they meet knows no client.
    testPostgresGrowth(bench);
    testPostgresTexts(bench, canCopy);
    testPostgresBatches(bench, canCopy);
  });
}
