import { afterAll, beforeAll, describe } from "vitest";
import { benchOf } from "./postgres-cases.ts";
import { testPostgresBatches } from "./postgres-batches.ts";
import { clients } from "./postgres-clients.ts";
import { testPostgresColumns } from "./postgres-columns.ts";
import { type PostgresServer, startPostgres } from "./postgres-server.ts";
import { testPostgresTables } from "./postgres-tables.ts";
import { testPostgresTexts } from "./postgres-texts.ts";
import { testPostgresUpserts } from "./postgres-upserts.ts";

/** Defines the tests of what a sink knows of its table, for every kind of client, on one server. */
export function testPostgresSink(): void {
  let server: PostgresServer | undefined;
  beforeAll(async () => void (server = await startPostgres()), 60_000);
  afterAll(() => server?.stop());
  describe.each(Object.keys(clients))("postgresSink of %s", (name) => {
    const bench = benchOf(name, () => server!);
    const canCopy = name !== "postgres";
    testPostgresUpserts(bench, name !== "PGlite"); // Which has no collations of ICU.
    testPostgresTables(bench, canCopy);
    testPostgresColumns(bench, canCopy);
    testPostgresTexts(bench, canCopy);
    testPostgresBatches(bench, canCopy);
  });
}
