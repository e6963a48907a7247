import { testDuckdb } from "../support/duckdb/cases.ts";

testDuckdb();
