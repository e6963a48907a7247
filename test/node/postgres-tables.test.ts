import { testPostgresLinkedTables } from "../support/postgres/tables-cases.ts";

testPostgresLinkedTables();
