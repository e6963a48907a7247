import { describe, expect, it } from "vitest";
import { renderDiagram } from "../../../src/adapters/report.ts";
import { elementsWith } from "../../support/report/report-markup.ts";
import { richReport as rich } from "../../support/report/run-reports.ts";

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
      .toThrow("Cannot render diagram as 'report' must be a report of run()");
  });
});
