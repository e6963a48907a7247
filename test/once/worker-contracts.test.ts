import { afterEach, describe, expect, it } from "vitest";
import { workerdDates } from "../../scripts/runtimes.mjs";
import type { BareOutcome } from "../support/cloudflare/bare-tests.ts";
import { MiniflareProcess } from "../support/cloudflare/miniflare-process.ts";

const worker =
  'export { default, TestObject } from "./test/support/cloudflare/contracts-worker.ts";';

let opened: MiniflareProcess | undefined;
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

describe("D1 and Durable Objects in workerd without flags of compatibility", () => {
  it.each(workerdDates)("keep the contracts of sinks and stores: %s", async (compatibilityDate) => {
    opened = new MiniflareProcess();
    await opened.open(worker, {
      compatibilityDate,
      d1Databases: { DB: "db" },
      durableObjects: { OBJECT: { className: "TestObject", useSQLite: true } },
    });
    const outcome = await (await fetch(opened.url)).json() as BareOutcome;
    expect(outcome.failed).toEqual([]);
    expect(outcome.passed).toBeGreaterThan(100);
  }, 180_000);
});
