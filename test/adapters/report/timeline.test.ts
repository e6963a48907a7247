import { describe, expect, it } from "vitest";
import { renderReport } from "../../../src/adapters/report.ts";
import type { ManagerReport } from "../../../src/index.ts";
import { elementsWith, pictureOf, valuesOf } from "../../support/report/report-markup.ts";
import { richReport as rich, runReport } from "../../support/report/run-reports.ts";

describe("renderReport() of a manager", () => {
  const second = runReport({ name: "products", startedAt: rich.startedAt + 500, duration: 1500 });
  const last = runReport({ name: "totals", startedAt: rich.startedAt + 2000, outcome: "failed" });
  const manager: ManagerReport = {
    reports: [rich, second, last, { name: "mail", outcome: "skipped", after: "totals" }],
    outcome: "failed",
  };
  const after = { totals: ["orders", "products", "unknown"], orders: [] };

  it("shows all pipelines over time, each with a section", () => {
    const page = renderReport(manager, { title: "Nightly" });
    expect(page).toContain("<title>Nightly</title>");
    const plan = pictureOf(page, "schedule");
    const rows = elementsWith(plan, "data-outcome");
    expect(rows.map((row) => row["data-pipeline"])).toEqual([
      "orders",
      "products",
      "totals",
      "mail",
    ]);
    expect(rows.map((row) => row["href"])).toEqual(["#run-1", "#run-2", "#run-3", "#run-4"]);
    for (const id of ["run-1", "run-2", "run-3", "run-4"]) expect(page).toContain(`id="${id}"`);
    const bars = [...plan.matchAll(/<rect x="([^"]*)%" width="([^"]*)%"/g)].map((m) =>
      m.slice(1, 3)
    );
    expect(bars).toEqual([["0", "33.333"], ["16.667", "50"], ["66.667", "33.333"], ["90", "10"]]);
    expect(page).toContain("It was not started, as <bdi>totals</bdi> did not complete.");
  });

  it("draws an arrow for each known dependency", () => {
    const arrows = (page: string) =>
      elementsWith(pictureOf(page, "schedule"), "data-after")
        .map((arrow) => `${arrow["data-after"]} > ${arrow["data-pipeline"]}`);
    expect(arrows(renderReport(manager))).toEqual(["totals > mail"]);
    expect(arrows(renderReport(manager, { after })))
      .toEqual(["orders > totals", "products > totals", "totals > mail"]);
    expect(arrows(renderReport(manager, { after: { orders: ["orders"] } }))).toEqual([
      "totals > mail",
    ]);
    expect(renderReport(manager, { after })).toContain(
      "after <bdi>orders</bdi>, <bdi>products</bdi>",
    );
  });

  it("shows several reports with the same name", () => {
    const page = renderReport({ reports: [rich, rich, second], outcome: "completed" });
    const rows = elementsWith(pictureOf(page, "schedule"), "data-outcome");
    expect(rows.map((row) => row["href"])).toEqual(["#run-1", "#run-2", "#run-3"]);
  });

  it("shows a manager without pipelines", () => {
    const page = renderReport({ reports: [], outcome: "completed" });
    expect(page).toContain("0 pipelines");
    expect(page).not.toContain("data-plot");
  });

  it("has every id once", () => {
    const ids = valuesOf(
      renderReport({ ...manager, reports: [rich, { ...rich, name: "b" }] }),
      "id",
    );
    expect(new Set(ids).size).toBe(ids.length);
  });
});
