import { afterAll, beforeAll, describe } from "vitest";
import { benchOf } from "./postgres-cases.ts";
import { clients } from "./postgres-clients.ts";
import { type PostgresServer, startPostgres } from "./postgres-server.ts";
import { testPostgresUpserts } from "./postgres-upserts.ts";

/** Defines the tests of what a sink knows of its table, for every kind of client, on one server. */
export function testPostgresSink(): void {
  let server: PostgresServer;
  beforeAll(async () => void (server = await startPostgres()), 60_000);
  afterAll(() => server.stop());
  describe.each(Object.keys(clients))("postgresSink of %s", (name) => {
    const bench = benchOf(name, () => server);
    testPostgresUpserts(bench, name !== "PGlite"); // Which has no collations of ICU.
  });
}
