import { describe, expect, it } from "vitest";
import { renderReport } from "../../../src/adapters/report.ts";
import { elementsWith } from "../../support/report/report-markup.ts";
import { runReport } from "../../support/report/run-reports.ts";

const failure = { stage: "load", message: "no <space>", attempts: 1 } as const;
const reports = [
  runReport({ loaded: 900, skipped: 100, retries: 2 }),
  runReport({
    ...{ name: "films", partition: "2026", key: "films/2026", outcome: "failed", failure },
    ...{ loaded: 10, pending: 985, deadLettered: 5, startedAt: runReport().startedAt + 2000 },
  }),
  { name: "mail", outcome: "skipped" } as const,
];

describe("the page of a manager", () => {
  const page = renderReport({ reports, outcome: "failed" });

  it("opens with what failed, and a link to it", () => {
    expect(page).toContain(
      '<li><a href="#run-2"><bdi>films 2026</bdi></a> in load: <bdi>no &lt;space&gt;</bdi></li>',
    );
    expect(page.indexOf('data-list="failed"')).toBeLessThan(page.indexOf("data-figure"));
    expect(renderReport({ reports: [reports[0]!], outcome: "completed" }))
      .not.toContain('data-list="failed"');
  });

  it("has the totals of all pipelines", () => {
    const [pipelines, loaded, letters, duration] = elementsWith(page, "data-figure");
    expect(pipelines).toEqual({ "data-figure": "pipelines", "data-value": "3" });
    expect(loaded).toEqual({ "data-figure": "loaded", "data-value": "910" });
    expect(letters).toEqual({ "data-figure": "deadLettered", "data-value": "5" });
    expect(duration).toEqual({ "data-figure": "duration", "data-value": "3000" });
    for (const words of ["1 completed, 1 failed, 1 skipped", "of 2,000 read", "2 retries"]) {
      expect(page).toContain(words);
    }
  });

  it("tells the partitions of one pipeline apart", () => {
    expect(page).toContain("<h2><bdi>films</bdi> <small><bdi>2026</bdi></small></h2>");
  });
});
