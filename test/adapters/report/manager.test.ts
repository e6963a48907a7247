import { describe, expect, it } from "vitest";
import { renderDiagram, renderReport, toMermaid } from "../../../src/adapters/report.ts";
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

describe("toMermaid()", () => {
  it("draws the stages of a run", () => {
    expect(toMermaid(rich)).toBe(`flowchart LR
  subgraph run["orders"]
    extract["extract<br/>busy 31 %"] -->|1,010 items| bucket(["bucket"])
    bucket -->|20 batches| transform["transform<br/>busy 13 %"] --> load["load<br/>busy 80 %"]
    load -.->|3| dead[("dead letters")]
  end
  style load stroke-width:3px
`);
  });

  it("draws the order of the pipelines of a manager", () => {
    const reports: ManagerReport["reports"] = [
      rich,
      runReport({ name: "b", loaded: 1, duration: 12 }),
      {
        ...{ name: "c", outcome: "skipped", after: "b" },
      } as const,
    ];
    expect(toMermaid({ reports, outcome: "failed" }, { after: { b: ["orders", "?", "b"] } }))
      .toBe(`flowchart LR
  p0["orders<br/>completed, 1,000 loaded, 1.00 s"]
  p1["b<br/>completed, 1 loaded, 12 ms"]
  p2["c<br/>skipped"]
  p0 --> p1
  p1 --> p2
`);
  });

  it("writes characters as numbers that Mermaid could interpret", () => {
    const text = toMermaid({ ...rich, name: '1. "a"]; %%{init}%% `b` #1\n```' });
    const name = text.match(/subgraph run\["(.*)"\]/)![1]!;
    expect(name).toMatch(/^(?:[\p{L}\p{N} \ufffd]|#\d+;)+$/u);
  });
});

describe("renderDiagram()", () => {
  it("returns a standalone picture for light and dark mode", () => {
    const picture = renderDiagram(rich);
    expect(picture.startsWith('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 ')).toBe(
      true,
    );
    expect(picture).toContain("prefers-color-scheme:dark");
    expect(picture).not.toMatch(/<script|href=|@import|url\([^#]/);
    expect(renderDiagram(rich)).toBe(picture);
    const bars = elementsWith(picture, "data-share");
    for (const bar of bars) {
      expect(Number(bar["width"])).toBeCloseTo(Number(bar["data-share"]) * 180, 0);
    }
    expect(bars).toHaveLength(11);
  });

  it("throws for a value that is not the report of a run", () => {
    const manager = { reports: [rich], outcome: "completed" };
    expect(() => Reflect.apply(renderDiagram, undefined, [manager]))
      .toThrow("Cannot render diagram as 'report' must be what run() gives");
  });
});
