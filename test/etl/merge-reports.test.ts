import { describe, expect, it } from "vitest";
import { etl, explain, mergeReports, type RunReport, skip } from "../../src/index.ts";
import { runReport } from "../support/report/run-reports.ts";

describe("mergeReports()", () => {
  it("adds up what was counted, so that each item still counts once", async () => {
    const reports = await Promise.all([[1, 2, 3], [4, 5], []].map((items) =>
      etl({
        name: "numbers",
        extract: () => items,
        transform: (n: number) => n === 2 ? skip : n,
        load: (rows, { drift, wrote }) => {
          drift({ extra: rows.length });
          wrote({ number: { inserted: rows.length } });
        },
      }).run()
    ));
    const merged = mergeReports(reports);
    expect(merged).toMatchObject({
      ...{ name: "numbers", key: "numbers", outcome: "completed", guarantee: "at-least-once" },
      ...{ extracted: 5, loaded: 4, skipped: 1, deadLettered: 0, returned: 0, pending: 0 },
      ...{ drift: { extra: 4 }, tables: { number: { inserted: 4 } }, rows: 4, batches: 4 },
    });
    expect(explain(merged)).toContain("Rows by table: number (4 inserted).");
  });

  it("is as long as from the first start to the last end", () => {
    const merged = mergeReports([
      runReport({ startedAt: 1000, duration: 500 }),
      runReport({ startedAt: 3000, duration: 1000 }),
    ]);
    expect(merged).toMatchObject({ startedAt: 1000, duration: 3000, rate: 2000 / 3 });
  });

  it("adds up more reports than a call takes arguments", () => {
    const merged = mergeReports(Array(200_000).fill(runReport({ startedAt: 1, duration: 2 })));
    expect(merged).toMatchObject({ startedAt: 1, duration: 2 });
  });

  it("is as good as the worst, and tells the first failure", () => {
    const failure = { stage: "load", message: "full", attempts: 1 } as const;
    const merged = mergeReports([
      runReport({ guarantee: "effectively-once" }),
      runReport({ outcome: "aborted" }),
      runReport({ outcome: "failed", failure, guarantee: "at-most-once" }),
      runReport({ outcome: "drained", missing: 3 }),
    ]);
    expect(merged).toMatchObject({
      outcome: "failed",
      failure,
      guarantee: "at-most-once",
      missing: 3,
    });
  });

  it("is paused if one of them is, as there is more to do", () => {
    const reports = [runReport(), runReport({ outcome: "paused" }), runReport()];
    expect(mergeReports(reports).outcome).toBe("paused");
  });

  it("adds up the times of stages, and finds what took the largest share of all", () => {
    const merged = mergeReports([
      runReport({ extract: { busy: 0.9 }, load: { busy: 0.2 } }),
      runReport({ load: { busy: 0.7, backoff: 0.1 } }),
    ]);
    expect(merged.stages.load).toMatchObject({ busy: 450, backoff: 50 });
    expect(merged.stages.extract.busy).toBe(450);
    expect(merged.bottleneck).toBe("load");
  });

  it("tells what became of what was done earlier, where all know it", () => {
    const earlierCounts = { loaded: 3, skipped: 1, deadLettered: 0 };
    const known = runReport({ earlier: 4, earlierCounts });
    expect(mergeReports([known, runReport(), known])).toMatchObject({
      ...{ earlier: 8, earlierCounts: { loaded: 6, skipped: 2, deadLettered: 0 } },
    });
    const merged = mergeReports([known, runReport({ earlier: 1 })]);
    expect(merged.earlier).toBe(5);
    expect(merged.earlierCounts).toBe(undefined);
  });

  it("groups the reasons of dead letters again, and keeps 20 of them", () => {
    const reason = (message: string, count: number) =>
      ({ message, count, stage: "load", offset: 7 }) as const;
    const few = runReport({ deadLetterReasons: [reason("full", 3), reason("…others", 2)] });
    expect(mergeReports([few, few]).deadLetterReasons).toEqual([
      reason("full", 6),
      reason("…others", 4),
    ]);
    const many = Array.from({ length: 15 }, (_, index) => reason(`a${index}`, 100 - index));
    const more = many.map((one) => ({ ...one, message: `b${one.message}` }));
    const { deadLetterReasons } = mergeReports([
      runReport({ deadLetterReasons: many }),
      runReport({ deadLetterReasons: more }),
    ]);
    expect(deadLetterReasons).toHaveLength(21);
    expect(deadLetterReasons.at(-1)).toMatchObject({ message: "…others", count: 880 });
    const all = [...many, ...more].reduce((total, { count }) => total + count, 0);
    expect(deadLetterReasons.reduce((total, { count }) => total + count, 0)).toBe(all);
  });

  it("refuses to merge nothing", () => {
    expect(() => mergeReports([] as RunReport[])).toThrow(
      "Cannot merge reports as 'reports' must be a non-empty array of reports",
    );
  });
});
