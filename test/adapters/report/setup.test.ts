import { describe, expect, it } from "vitest";
import { renderReport } from "../../../src/adapters/report.ts";
import { MemoryCheckpointStore } from "../../../src/index.ts";
import { richReport, runReport } from "../../support/report/run-reports.ts";

/** The names and values of a card of the page. */
function factsOf(page: string, kind: string): Record<string, string> {
  const card = page.match(new RegExp(`data-facts="${kind}">[^]*?</dl>`))?.[0] ?? "";
  const facts = card.matchAll(/<dt>([^]*?)<\/dt><dd>([^]*?)<\/dd>/g);
  return Object.fromEntries(
    [...facts].map((fact) => [fact[1], fact[2]!.replaceAll(/<[^>]+>/g, "")]),
  );
}

describe("how a run was set up, on its page", () => {
  it("is told as far as the report has it", () => {
    const parts = { key: "orders/2026", partition: "2026", mapping: "async", concurrency: 16 };
    const checkpoint = { offset: 5000, done: [], updatedAt: 1 };
    expect(factsOf(renderReport(runReport({ ...parts, checkpoint } as object)), "setup")).toEqual({
      ...{ key: "orders/2026", partition: "2026", workers: "4" },
      ...{ transform: "async, 16 calls at once", checkpoint: "finished up to offset 5,000" },
    });
    expect(factsOf(renderReport(richReport), "setup"))
      .toEqual({ workers: "4", transform: "none", checkpoint: "none" });
  });

  it("has the options that the caller hands in, without what may be secret", () => {
    class Store {}
    const options = {
      ...{ batchSize: 500, timeout: Infinity, position: () => 1, signal: undefined },
      ...{ retry: { maxAttempts: 3, load: { isRetriable: () => true } }, empty: {} },
      ...{ checkpoints: new MemoryCheckpointStore(), store: new Store(), list: [1, "a"] },
      ...{ fingerprint: "https://user:geheim@host/?token=abc", apiKey: "geheim" },
      ...{ many: Array.from({ length: 20 }, (_, n) => n), deep: { a: { b: { c: { d: 1 } } } } },
    };
    const page = renderReport(richReport, { options, host: "worker-3, Node <24>" });
    expect(factsOf(page, "options")).toEqual({
      ...{ batchSize: "500", timeout: "Infinity", position: "a function", empty: "{}" },
      retry: "{ maxAttempts: 3, load: { isRetriable: a function } }",
      checkpoints: "an instance of MemoryCheckpointStore",
      store: "an instance of Store",
      list: "[1, &quot;a&quot;]",
      fingerprint: "&quot;https://***&quot;",
      apiKey: "&quot;***&quot;",
      many: "[0, 1, 2, 3, 4, 5, 6, 7, … 12 more]",
      deep: "{ a: { b: { c: an object } } }",
    });
    expect(page).not.toContain("geheim");
    expect(page).toContain("<bdi>worker-3, Node &lt;24&gt;</bdi>");
    const reports = { reports: [richReport, richReport], outcome: "completed" } as const;
    expect(renderReport(reports, { options: { workers: 2 } }).match(/data-facts="options"/g))
      .toHaveLength(1);
  });

  it("escapes names and values of options", () => {
    const options = { "<zqx>": '"><zqx onload="1">', b: { "<zqx>": ["<zqx>"] } };
    expect(renderReport(richReport, { options, host: "<zqx>" })).not.toContain("<zqx");
  });

  it.each([
    [{ options: 7 }, "'options' must be an object"],
    [{ host: "" }, "'host' must be a non-empty string"],
  ])("is refused as %o", (settings, words) => {
    expect(() => Reflect.apply(renderReport, undefined, [richReport, settings])).toThrow(words);
  });

  it("has the whole id of the run, which a click marks", () => {
    const runId = "3912477-1620182770-646298622-276568271-and-some-more";
    expect(renderReport({ ...richReport, runId }))
      .toContain(`<code class="copy"><bdi>${runId}</bdi></code>`);
  });
});
