import { testDuckdbAppends } from "../../adapters/duckdb/append.cases.ts";
import { testDuckdbCheckpoints } from "../../adapters/duckdb/checkpoints.cases.ts";
import { testDuckdbContracts } from "../../adapters/duckdb/sink.cases.ts";
import { testDuckdbDeadLetters } from "../../adapters/duckdb/dead-letters.cases.ts";
import { testDuckdbDeliveries } from "../../adapters/duckdb/deliveries.cases.ts";
import { testDuckdbInserts } from "../../adapters/duckdb/insert.cases.ts";
import { testDuckdbSources } from "../../adapters/duckdb/source.cases.ts";
import { testDuckdbTables } from "../../adapters/duckdb/writer.cases.ts";
import { testDuckdbValues } from "../../adapters/duckdb/values.cases.ts";
import { testDuckdbGrowth } from "../../adapters/duckdb/add-columns.cases.ts";
import { testDuckdbWrites } from "../../adapters/duckdb/transaction.cases.ts";
import { testDuckdbPlans } from "../../adapters/duckdb/tree-plan.cases.ts";
import { testDuckdbTrees } from "../../adapters/duckdb/tree-step.cases.ts";

/** Everything that `millrace/duckdb` promises. */
export function testDuckdb(): void {
  testDuckdbContracts();
  testDuckdbCheckpoints();
  testDuckdbDeadLetters();
  testDuckdbDeliveries();
  testDuckdbInserts();
  testDuckdbAppends();
  testDuckdbTables();
  testDuckdbValues();
  testDuckdbGrowth();
  testDuckdbWrites();
  testDuckdbPlans();
  testDuckdbTrees();
  testDuckdbSources();
}
