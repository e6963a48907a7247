import { describe } from "vitest";
import { testCloudflareContracts } from "../adapters/cloudflare/sink.cases.ts";
import { testCloudflareTables } from "../adapters/cloudflare/look-up.cases.ts";
import { testCloudflareSpans } from "../adapters/cloudflare/spans.cases.ts";
import { testCloudflareTrees } from "../adapters/cloudflare/tree-step.cases.ts";
import { testCloudflareMessages } from "../adapters/cloudflare/deliveries.cases.ts";
import { databaseKinds } from "../support/cloudflare/databases.ts";

describe.each(databaseKinds)("$name", (kind) => {
  testCloudflareTables(kind);
  testCloudflareTrees(kind);
  testCloudflareSpans(kind);
  testCloudflareMessages(kind);
  testCloudflareContracts(kind);
});
