import { describe } from "vitest";
import { testSqliteGrowth } from "../../adapters/sqlite/add-columns.cases.ts";
import { testSqliteBusy } from "../../adapters/sqlite/client/busy.cases.ts";
import { testSqliteCheckpoints } from "../../adapters/sqlite/checkpoints.cases.ts";
import { testSqliteDeadLetters } from "../../adapters/sqlite/dead-letters.cases.ts";
import { testSqliteDeliveries } from "../../adapters/sqlite/deliveries.cases.ts";
import type { SqliteClient } from "./client.ts";
import { testSqliteContracts } from "../../adapters/sqlite/sink/contract.cases.ts";
import { testSqliteLoads } from "../../adapters/sqlite/sink/load.cases.ts";
import { testSqliteRuns } from "../../adapters/sqlite/sink/run.cases.ts";
import { testSqliteSources } from "../../adapters/sqlite/source.cases.ts";
import { testSqliteSplits } from "../../adapters/sqlite/split-by-key.cases.ts";
import { testSqliteSourceKeys } from "../../adapters/sqlite/source-pages.cases.ts";
import { testSqliteTables } from "../../adapters/sqlite/writer.cases.ts";
import { testSqliteCounts } from "../../adapters/sqlite/known-table.cases.ts";
import { testSqliteTrees } from "../../adapters/sqlite/tree-writer.cases.ts";
import { testSqliteMissing } from "../../adapters/sqlite/tree-missing.cases.ts";
import { testSqliteSteps } from "../../adapters/sqlite/tree-step.cases.ts";
import { testSqliteWrites } from "../../adapters/sqlite/transaction.cases.ts";
import { testSqliteTransactions } from "../../adapters/sqlite/client/transaction.cases.ts";
import { testSqliteCopies } from "../../adapters/sqlite/sink/copies.cases.ts";
import { testSqliteUses } from "../../adapters/sqlite/sink/uses.cases.ts";
import { testSqliteValues } from "../../sql/sqlite/values.cases.ts";
import { testSqliteProperties } from "../../sql/sqlite/rows.cases.ts";

/** Everything that `millrace/sqlite` promises, with one client. */
export function testSqlite(client: SqliteClient): void {
  describe(client.name, () => {
    testSqliteValues(client);
    testSqliteLoads(client);
    testSqliteTables(client);
    testSqliteTrees(client);
    testSqliteCounts(client);
    testSqliteMissing(client);
    testSqliteSteps(client);
    testSqliteWrites(client);
    testSqliteProperties(client);
    testSqliteGrowth(client);
    testSqliteUses(client);
    testSqliteCopies(client);
    testSqliteTransactions(client);
    testSqliteContracts(client);
    testSqliteCheckpoints(client);
    testSqliteDeadLetters(client);
    testSqliteDeliveries(client);
    testSqliteSources(client);
    testSqliteSourceKeys(client);
    testSqliteSplits(client);
    testSqliteRuns(client);
    testSqliteBusy(client);
  });
}
