import { describe, expect, it } from "vitest";
import { type FollowedSnapshot, renderProgress } from "../../../src/adapters/report.ts";
import type { RunSnapshot } from "../../../src/index.ts";
import { elementsWith } from "../../support/report/report-markup.ts";
import { runReport } from "../../support/report/run-reports.ts";

const { outcome: _, ...report } = runReport({ load: { busy: 0.9 }, retries: 2, rate: 1234 });
const running: RunSnapshot = {
  ...{ ...report, state: "running", total: 4000, eta: 3000 },
  ...{ inFlight: { transform: 1, load: 4 }, queued: { items: 30, batches: 2 } },
};

describe("renderProgress()", () => {
  it("shows how much of a run is done, its figures, its stages, and what is in flight", () => {
    const view = renderProgress(running);
    expect(view).toMatch(/^<header class="top">[^]*<\/main>$/);
    expect(elementsWith(view, "data-progress")[0]).toMatchObject({
      "data-progress": "0.25",
      width: "25%",
    });
    expect(view).toContain("25 % of 4,000 items, about 3.0 s left");
    const figures = elementsWith(view, "data-figure").map((each) => each["data-value"]);
    expect(figures).toEqual(["1000", "0", "1234", "1000"]);
    expect(view).toContain(
      "30 items read for the next batch, 1 batch in transform, 2 batches ready for a worker, 4 batches",
    );
    expect(view).toContain('class="stage most"><header><h3>load</h3>');
  });

  it.each<[Partial<RunSnapshot>, string, string]>([
    [{ total: 500 }, "1,000 items, past the 500 that were expected", "100%"],
    [{ bytes: { read: 42, total: 100 } }, "42 % of 100 bytes", "42%"],
  ])("shows what is done of what was expected: %o", (parts, words, width) => {
    const { total: _, eta: __, ...unknown } = running;
    const view = renderProgress({ ...unknown, ...parts });
    expect(view).toContain(words);
    expect(elementsWith(view, "data-progress")[0]!["width"]).toBe(width);
    expect(renderProgress(unknown)).not.toContain("data-progress");
  });

  it("shows the partitions and the items of a job", () => {
    const counts = { extracted: 120, loaded: 100, skipped: 10, deadLettered: 5, pending: 5 };
    const view = renderProgress({
      ...{ name: "sales", state: "running", ...counts, returned: 0, rows: 100, earlier: 0 },
      ...{ duration: 2000, partitions: { total: 8, completed: 2, dead: 1, cancelled: 0, held: 4 } },
    });
    const parts = elementsWith(view, "data-partitions").map((part) => part["data-partitions"]);
    expect(parts).toEqual(["2", "4", "1"]);
    expect(view).toContain("8 partitions");
    expect(view).toContain("of all workers");
  });

  it("escapes every text, and takes what is no number as none", () => {
    const text = '"><zqx onload="1">';
    const places: readonly object[] = [
      { ...running, name: text, runId: text, state: text, total: text, bytes: text, eta: text },
      { ...running, total: undefined, bytes: { read: text, total: NaN }, queued: text },
      { ...running, stages: { load: text }, inFlight: { load: text }, duration: text },
      { pipelines: [{ name: text, state: text }, { ...running, name: text }], state: text },
      { partitions: { total: text, held: text }, name: text, state: text },
    ];
    for (const place of places) {
      const view = renderProgress(place as FollowedSnapshot);
      expect(view).not.toContain("<zqx");
      expect(view).not.toMatch(/="[^"]*(NaN|Infinity)[^"]*%"|>[^<]*(NaN|Infinity)/);
    }
  });

  it.each([undefined, null, 7, "x", {}])("throws for %o", (value) => {
    expect(() => Reflect.apply(renderProgress, undefined, [value]))
      .toThrow("Cannot render progress as 'snapshot' must be a snapshot of a run");
  });
});
