import { testPostgres } from "../support/postgres/cases.ts";

testPostgres();
