import { testPostgresSink } from "../support/postgres/sink-cases.ts";

testPostgresSink();
