import { describe, expect, it } from "vitest";
import { renderReport, toMermaid } from "../../../src/adapters/report.ts";
import { ConfigurationError } from "../../../src/index.ts";
import { explain } from "../../../src/explain/explain.ts";
import { elementsWith, pictureOf, valuesOf } from "../../support/report/report-markup.ts";
import {
  richReport as rich,
  runReport,
  runTrace,
  tracedBatch,
} from "../../support/report/run-reports.ts";

const latency = rich.latency!;

describe("renderReport()", () => {
  it("returns one page that needs nothing else, and runs no script", () => {
    const page = renderReport(rich);
    expect(page.startsWith('<!doctype html>\n<html lang="en"')).toBe(true);
    expect(page).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|\bon[a-z]+=|javascript:|https?:/i);
    expect(page.match(/url\([^)]*\)/g)!.every((url) => url.startsWith("url(#"))).toBe(true);
  });

  it("draws the time of each stage as wide as its share", () => {
    const bars = elementsWith(renderReport(rich), "data-share");
    for (const stage of ["extract", "transform", "load"] as const) {
      const parts = bars.filter((bar) => bar["data-stage"] === stage);
      let from = 0;
      for (const part of parts) {
        const share = rich.stages[stage][part["data-state"] as "busy"] / rich.duration;
        expect(Number(part["data-share"])).toBeCloseTo(share, 3);
        expect(parseFloat(part["width"]!)).toBeCloseTo(share * 100, 2);
        expect(parseFloat(part["x"]!)).toBeCloseTo(from * 100, 2);
        from += share;
      }
      expect(from).toBeCloseTo(1, 9);
      expect(new Set(parts.map((part) => part["class"])).size).toBe(parts.length);
    }
    expect(bars.filter((bar) => bar["data-state"] === "limited")).toHaveLength(1);
    expect(renderReport(rich).match(/<li class="none">/g)).toHaveLength(1); // No load was blocked.
  });

  it("shows the key figures", () => {
    const figures = elementsWith(renderReport(rich), "data-figure");
    const shown = figures.map((figure) => [figure["data-figure"], figure["data-value"]]);
    expect(Object.fromEntries(shown)).toEqual({
      ...{ loaded: "1000", batches: "20", retries: "12", deadLettered: "3" },
      ...{ rate: "1000", duration: "1000", p50: "52", guarantee: undefined },
    });
    const page = renderReport(rich);
    for (const text of ["of 1,010 read, 7 skipped", "at least once", "2026-01-02 03:04:05 UTC"]) {
      expect(page).toContain(text);
    }
    expect(page).toContain('data-outcome="completed"');
  });

  it("shows what earlier runs have finished", () => {
    const earlierCounts = { loaded: 40, skipped: 0, deadLettered: 2 };
    const page = renderReport(runReport({ earlier: 42, earlierCounts, loaded: 10, extracted: 10 }));
    expect(page).toContain("of 10 read, 42 done before");
    expect(page).toContain("0 % of all items, 2 before");
  });

  it("says in words what explain() says", () => {
    const words = renderReport(rich).match(/data-explanation>([^]*?)<\/p>/)![1]!;
    expect(words.replaceAll(/<\/?code>/g, "`")).toBe(explain(rich));
  });

  it("draws every finished item into the throughput", () => {
    const picture = pictureOf(renderReport(rich), "throughput");
    const items = valuesOf(picture, "data-items").map(Number);
    expect(items.length).toBeGreaterThan(5);
    expect(items.reduce((sum, each) => sum + each, 0)).toBe(1000);
  });

  it.each([[1, 1000], [1, 3.5], [64, 900], [64, 1025], [1024, 200_000]])(
    "merges intervals of %i ms of a run of %d ms without a loss",
    (interval, duration) => {
      const done = Array.from({ length: Math.ceil(duration / interval) }, () => 3);
      const trace = { ...runTrace(1), interval, done };
      const picture = pictureOf(renderReport({ ...rich, duration, trace }), "throughput");
      const bars = elementsWith(picture, "data-items");
      expect(bars.reduce((sum, bar) => sum + Number(bar["data-items"]), 0)).toBe(done.length * 3);
      expect(bars.length).toBeLessThanOrEqual(96);
      for (const { x, width } of bars) {
        expect(parseFloat(x!) + parseFloat(width!)).toBeLessThanOrEqual(100.01);
      }
    },
  );

  it("draws each batch over time, in the row of its worker", () => {
    const picture = pictureOf(renderReport(rich), "waterfall");
    const groups = picture.split("<g ").slice(1);
    expect(groups).toHaveLength(20);
    groups.forEach((group, index) => {
      const batch = rich.trace!.batches[index]!;
      expect(valuesOf(` ${group}`, "data-sequence")).toEqual([String(batch.sequence)]);
      const load = group.match(/<rect x="([^"]*)%" width="([^"]*)%" y="(\d+)"[^>]*busy/)!;
      expect(Number(load[1])).toBeCloseTo(batch.loadStartedAt / 10, 2);
      // What ends after the run is drawn up to its end.
      const width = (Math.min(1000, batch.endedAt) - batch.loadStartedAt) / 10;
      expect(Number(load[2])).toBeCloseTo(width, 2);
      expect(Number(load[3])).toBe(batch.lane * 32 + 4);
      expect(group.includes("#mark-retry")).toBe(index === 3);
      expect(group.includes("#mark-lost")).toBe(index === 5);
    });
  });

  it("draws the latency of each batch, and says how many are shown", () => {
    const sampled = { ...rich, trace: { ...rich.trace!, every: 8 } };
    const picture = pictureOf(renderReport(sampled), "latency");
    const drawn = valuesOf(picture, "data-latency").map(Number);
    expect(drawn).toEqual(
      rich.trace!.batches.map(({ batchedAt, endedAt: ended }) => ended - batchedAt),
    );
    const marks = elementsWith(picture, "data-latency").map((dot) => dot["href"]);
    expect(marks.indexOf("#mark-retry")).toBe(3);
    expect(marks.indexOf("#mark-lost")).toBe(5);
    expect(marks.filter((mark) => mark === undefined)).toHaveLength(18);
    expect(renderReport(sampled)).toContain("One batch of every 8 is shown");
    expect(renderReport(rich)).not.toContain("One batch of every");
  });

  it("labels only quantiles that do not overlap", () => {
    const named = (p90: number) => {
      const page = renderReport({ ...rich, latency: { ...latency, p90 } });
      return pictureOf(page, "latency").match(/(?<=>)p\d\d(?=<)/g);
    };
    expect(named(60)).toEqual(["p50", "p99"]);
    expect(named(100)).toEqual(["p50", "p99", "p90"]);
  });

  it("stays within its frame, even if something ends after the run", () => {
    const page = renderReport({ ...rich, duration: 900 });
    const places = [...page.matchAll(/="(-?[\d.]+)%"/g)].map(([, place]) => Number(place));
    expect(places.length).toBeGreaterThan(100);
    expect(Math.min(...places)).toBe(0);
    expect(Math.max(...places)).toBe(100);
    for (const { x, width } of elementsWith(page, "width").filter(({ x }) => x?.endsWith("%"))) {
      expect(parseFloat(x!) + parseFloat(width!)).toBeLessThanOrEqual(100.01);
    }
    const times = [
      ...renderReport(rich).matchAll(/<text x="([^"]*)"[^>]*text-anchor="(\w+)"[^>]*>[\d.]+ s</g),
    ];
    expect(times[0]!.slice(1, 3)).toEqual(["0%", "start"]);
    expect(times.find(([, x]) => x === "40%")![2]).toBe("middle");
    expect(times.find(([, x]) => x === "100%")![2]).toBe("end");
  });

  it("shows a run that took no time", () => {
    const page = renderReport({ ...rich, duration: 0, trace: { ...rich.trace!, done: [1000] } });
    expect(pictureOf(page, "throughput")).toContain('data-items="1000"');
    expect(renderReport(runReport({ duration: 0 })).match(/<b>0 %<\/b>/g)).toHaveLength(9);
  });

  it("leaves out lanes if there are too many, and says so", () => {
    const batches = Array.from(
      { length: 60 },
      (_, lane) => tracedBatch(lane, [1, 2, 3, 9], { lane }),
    );
    const page = renderReport({ ...rich, trace: { ...runTrace(1), batches } });
    expect(pictureOf(page, "waterfall").split("<g ")).toHaveLength(49);
    expect(page).toContain("12 workers more are left out.");
  });

  it("says how to get the pictures that need a trace", () => {
    const page = renderReport(runReport());
    expect(page).not.toContain("data-plot");
    expect(page).toContain("<code>trace: true</code>");
    const empty = runReport({ outcome: "failed", trace: { ...runTrace(1), batches: [] } });
    expect(renderReport(empty)).toContain("No batch was finished before the run failed");
  });

  it("says that only waiting is known if the clock stands still", () => {
    const still = "waiting only: the clock stands still while code runs";
    expect(renderReport({ ...rich, clock: "still" })).toContain(still);
    expect(renderReport(rich)).not.toContain(still);
  });

  it("returns the same page for the same report", () => {
    const page = renderReport(rich);
    expect(renderReport(JSON.parse(JSON.stringify(rich)))).toBe(page);
    expect(renderReport(rich)).toBe(page);
  });

  it("is readable without colours and without sight", () => {
    const page = renderReport(rich);
    const pictures = page.match(/<svg role="img"[^]*?<\/desc>/g)!;
    expect(pictures).toHaveLength(6);
    const ids = valuesOf(page, "id");
    expect(new Set(ids).size).toBe(ids.length);
    for (const picture of pictures) {
      const [named = ""] = valuesOf(picture, "aria-labelledby");
      expect(valuesOf(picture, "id")).toEqual(named.split(" "));
    }
    expect(pictures[0]).toContain("busy 31 %, blocked 60 %, starved 9 %");
  });

  it("has a contrast of at least 4.5", () => {
    const palettes = [...renderReport(rich).matchAll(/:root\{([^}]*)\}/g)].map(([, list = ""]) =>
      [...list.matchAll(/--([a-z]+):(#[0-9a-f]{6})/g)].map((found) => found.slice(1, 3))
    ).map((entries) => Object.fromEntries(entries) as Record<string, string>);
    expect(palettes).toHaveLength(2);
    for (const { page, card, line: _, grid: __, on, ...colours } of palettes) {
      for (const [name, colour] of Object.entries(colours)) {
        expect(contrast(colour, card), name).toBeGreaterThanOrEqual(4.5);
        expect(contrast(colour, page), name).toBeGreaterThanOrEqual(4.5);
      }
      expect(contrast(on, colours["busy"])).toBeGreaterThanOrEqual(4.5);
    }
  });

  it.each([
    [{ title: "" }, "'title' must be a non-empty string: current value is \"\""],
    [{ titel: "x" }, "'titel' must be a known option, perhaps 'title': current value is \"x\""],
    [{ after: { a: "b" } }, "'after' must be an object with an array of names for each name"],
  ])("throws for %o with the whole sentence", (options, sentence) => {
    const render = () => Reflect.apply(renderReport, undefined, [rich, options]);
    expect(render).toThrow(ConfigurationError);
    expect(render).toThrow(`Cannot render report as ${sentence}`);
  });

  it.each([
    [{ afer: {} }, "'afer' must be a known option, perhaps 'after': current value is an object"],
    [{ after: { a: "b" } }, "'after' must be an object with an array of names for each name"],
  ])("throws for %o in a flowchart", (options, sentence) => {
    const draw = () => Reflect.apply(toMermaid, undefined, [rich, options]);
    expect(draw).toThrow(ConfigurationError);
    expect(draw).toThrow(`Cannot draw flowchart as ${sentence}`);
  });

  it.each([undefined, null, 7, "report", {}, { reports: 1 }])("throws for %o", (value) => {
    expect(() => Reflect.apply(renderReport, undefined, [value]))
      .toThrow("Cannot render report as 'report' must be a report of run() or runAll()");
  });

  it("draws nothing if numbers are missing from the report", () => {
    const odd = { ...rich, duration: NaN, startedAt: NaN, rate: Infinity };
    const page = renderReport(odd);
    expect(page).toContain("at an unknown time");
    expect(page).not.toMatch(/="[^"]*(NaN|Infinity)[^"]*%"/);
  });
});

/** By WCAG 2: relative luminance of two colours, each `#rrggbb`. */
function contrast(one: string | undefined, other: string | undefined): number {
  const [a = 0, b = 0] = [one, other].map(luminance).sort((x, y) => y - x);
  return (a + 0.05) / (b + 0.05);
}

function luminance(colour = ""): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
