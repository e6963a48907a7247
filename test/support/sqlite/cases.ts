import { describe } from "vitest";
import { testSqliteBusy } from "./busy-cases.ts";
import { testSqliteCheckpoints } from "./checkpoint-cases.ts";
import { testSqliteDeadLetters } from "./dead-letter-cases.ts";
import type { SqliteClient } from "./client.ts";
import { testSqliteLoads } from "./load-cases.ts";
import { testSqliteProperties } from "./property-cases.ts";
import { testSqliteRuns } from "./run-cases.ts";
import { testSqliteSources } from "./source-cases.ts";
import { testSqliteSourceKeys } from "./source-key-cases.ts";
import { testSqliteTables } from "./table-cases.ts";
import { testSqliteTransactions } from "./transaction-cases.ts";
import { testSqliteCopies } from "./copy-cases.ts";
import { testSqliteUses } from "./use-cases.ts";
import { testSqliteValues } from "./value-cases.ts";

/** Everything that `millrace/sqlite` promises, with one client. */
export function testSqlite(client: SqliteClient): void {
  describe(client.name, () => {
    testSqliteValues(client);
    testSqliteLoads(client);
    testSqliteTables(client);
    testSqliteProperties(client);
    testSqliteUses(client);
    testSqliteCopies(client);
    testSqliteTransactions(client);
    testSqliteCheckpoints(client);
    testSqliteDeadLetters(client);
    testSqliteSources(client);
    testSqliteSourceKeys(client);
    testSqliteRuns(client);
    testSqliteBusy(client);
  });
}
