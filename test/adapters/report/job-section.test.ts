import { describe, expect, it } from "vitest";
import { coordinate, type Job, MemoryJobStore, work } from "../../../src/adapters/jobs.ts";
import { renderReport, type ReportedJob, toMermaid } from "../../../src/adapters/report.ts";
import { elementsWith } from "../../support/report/report-markup.ts";

const job: Job<number, number> = {
  name: "numbers",
  split: () => [0, 10, 20],
  id: (from) => `from ${from}`,
  pipeline: (from) => ({
    extract: () => Array.from({ length: 10 }, (_, n) => from + n),
    load: ([n]) => n === 20 ? Promise.reject(new Error("no <id>")) : undefined,
  }),
};

/** The report of that job, whose last partition fails. */
async function reportOf(): Promise<ReportedJob> {
  const store = new MemoryJobStore();
  const working = work(job, { store, until: "done", maxFailures: 1, run: { batchSize: 10 } });
  const report = await coordinate(job, { store });
  await working;
  return report;
}

const some: ReportedJob = {
  ...{ name: "sales", outcome: "drained", reason: "enough", duration: 60_000 },
  ...{ extracted: 900, loaded: 800, skipped: 50, deadLettered: 10, returned: 0, pending: 40 },
  ...{ rows: 1600, earlier: 0, dead: [] },
  partitions: { total: 40, completed: 30, dead: 0, cancelled: 10 },
};

describe("the page of a job", () => {
  it("opens with the partitions that failed, and what they failed with", async () => {
    const page = renderReport(await reportOf(), { title: "Nightly" });
    expect(page).toMatch(/<code class="copy"><bdi>from 20<.bdi><.code> <bdi>.*no &lt;id&gt;</);
    expect(page).toContain("The job failed after ");
    expect(page).toContain("2 of 3 partitions completed. 1 partition failed too often.");
    expect(page).toContain('data-outcome="failed"');
    expect(page.indexOf('data-list="dead"')).toBeLessThan(page.indexOf("data-explanation"));
  });

  it("has the items of all workers, and the partitions by what became of them", () => {
    const page = renderReport(some);
    const figures = elementsWith(page, "data-figure").map((each) => each["data-value"]);
    expect(figures).toEqual(["30", "800", "10", "60000"]);
    const parts = elementsWith(page, "data-partitions")
      .map((part) => [part["data-state"], part["data-partitions"], part["x"], part["width"]]);
    expect(parts).toEqual([["completed", "30", "0%", "75%"], ["cancelled", "10", "75%", "25%"]]);
    expect(page).toContain("It was cancelled: <bdi>enough</bdi>.");
    expect(page).toContain("as 1,600 rows, 50 skipped, 40 pending");
    expect(renderReport({ ...some, outcome: "completed" })).toContain(
      "All 40 partitions completed",
    );
  });

  it("names a hundred of the partitions that failed, and counts the rest", () => {
    const dead = Array.from({ length: 120 }, (_, n) => ({
      ...{ partition: `p${n}`, failures: 3, begun: 1, loaded: n },
    }));
    const page = renderReport({ ...some, outcome: "failed", dead });
    expect(page.match(/class="copy"/g)).toHaveLength(100);
    expect(page).toContain("<li>20 more</li>");
  });

  it("escapes every text, and takes what is no number as none", () => {
    const text = '"><zqx onload="1">';
    const dead = [{ partition: text, error: text, failures: text, begun: text, loaded: text }];
    const hostile = {
      ...some,
      name: text,
      outcome: text,
      reason: text,
      dead,
      partitions: { total: text },
    };
    const page = renderReport(hostile as unknown as ReportedJob);
    expect(page).not.toContain("<zqx");
    expect(page).not.toMatch(/="[^"]*(NaN|Infinity)[^"]*%"/);
  });

  it("has no flowchart", () => {
    expect(() => Reflect.apply(toMermaid, undefined, [some]))
      .toThrow("Cannot draw flowchart as 'report' must be a report of run() or runAll()");
  });
});
