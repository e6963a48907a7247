import { describe } from "vitest";
import { testSqliteBusy } from "./sqlite-busy-cases.ts";
import { testSqliteCheckpoints } from "./sqlite-checkpoint-cases.ts";
import { testSqliteDeadLetters } from "./sqlite-dead-letter-cases.ts";
import type { SqliteClient } from "./sqlite-client.ts";
import { testSqliteLoads } from "./sqlite-load-cases.ts";
import { testSqliteRuns } from "./sqlite-run-cases.ts";
import { testSqliteSources } from "./sqlite-source-cases.ts";
import { testSqliteSourceKeys } from "./sqlite-source-key-cases.ts";
import { testSqliteTables } from "./sqlite-table-cases.ts";
import { testSqliteTransactions } from "./sqlite-transaction-cases.ts";
import { testSqliteCopies } from "./sqlite-copy-cases.ts";
import { testSqliteUses } from "./sqlite-use-cases.ts";
import { testSqliteValues } from "./sqlite-value-cases.ts";

/** Everything that `millrace/sqlite` promises, with one client. */
export function testSqlite(client: SqliteClient): void {
  describe(client.name, () => {
    testSqliteValues(client);
    testSqliteLoads(client);
    testSqliteTables(client);
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
