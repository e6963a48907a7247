import { afterAll, beforeAll, describe } from "vitest";
import { benchOf } from "./cases.ts";
import { testedClients } from "./clients.ts";
import { type PostgresServer, startPostgres } from "./server.ts";
import { testPostgresCounts } from "../../adapters/postgres/tables/outbox.cases.ts";
import { testPostgresLinkedGrowth } from "../../adapters/postgres/add-columns.cases.ts";
import { testPostgresDeletes } from "../../adapters/postgres/tables/deletes.cases.ts";
import { testPostgresDeliveries } from "../../adapters/postgres/deliveries.cases.ts";
import { testPostgresGeneratedKeys } from "../../adapters/postgres/tables/keys.cases.ts";
import { testPostgresModel } from "../../adapters/postgres/tables/repeats.cases.ts";
import {
  testPostgresFamilies,
  testPostgresLostTrees,
} from "../../adapters/postgres/tables/sender.cases.ts";
import { testPostgresWrites } from "../../adapters/postgres/tables/write.cases.ts";

/** Defines the tests of several tables in one commit, for every kind of client, on one server. */
export function testPostgresLinkedTables(): void {
  let server: PostgresServer | undefined;
  beforeAll(async () => void (server = await startPostgres()), 180_000);
  afterAll(() => server?.stop());
  describe.each(testedClients)("postgresSink with tables of %s", (name) => {
    const bench = benchOf(name, () => server!);
    testPostgresFamilies(bench);
    testPostgresCounts(bench);
    testPostgresGeneratedKeys(bench);
    testPostgresDeletes(bench);
    testPostgresDeliveries(bench, name);
    testPostgresWrites(bench);
    testPostgresLinkedGrowth(bench, name === "pg Pool");
    if (name === "PGlite") testPostgresModel(bench);
    else testPostgresLostTrees(bench, name);
  });
}
