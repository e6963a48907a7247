import { describe } from "vitest";
import { testCloudflareContracts } from "../adapters/cloudflare/sink.cases.ts";
import { databaseKinds } from "../support/cloudflare/databases.ts";

describe.each(databaseKinds)("$name", (kind) => {
  testCloudflareContracts(kind);
});
