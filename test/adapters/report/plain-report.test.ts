import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renderDiagram, renderReport, toMermaid } from "../../../src/adapters/report.ts";
import { ConfigurationError } from "../../../src/errors.ts";
import type { RunReport } from "../../../src/report-types.ts";
import type { ManagerReport } from "../../../src/manager-report-types.ts";
import { richReport } from "../../support/report/run-reports.ts";
import { seeded } from "../../support/streams/schedules.ts";

/** Something of everything that a report may have. */
const full: RunReport = {
  ...richReport,
  outcome: "failed",
  mapping: "async",
  concurrency: 16,
  missing: 3,
  total: 1013,
  trace: { ...richReport.trace!, every: 2 },
  failure: {
    ...{ stage: "load", message: "no space", code: "ENOSPC", attempts: 3 },
    batch: { sequence: 3, offset: 150, size: 50 },
  },
  deadLetterReasons: [{ message: "no id", stage: "load", count: 3, offset: 7 }],
  drift: { nickname: 4 },
  tables: { orders: { inserted: 400, written: 1, unchanged: 2, deleted: 3 } },
  checkpoint: { offset: 500, done: [[600, 700]], updatedAt: 1, runId: "run-0" },
};
const manager: ManagerReport = {
  reports: [full, { name: "sales", outcome: "skipped", after: "orders" }],
  outcome: "failed",
};

type Path = readonly (string | number)[];

/** The places of all texts and numbers; of long arrays those of the first entries. */
function placesOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).slice(0, Array.isArray(value) ? 6 : Infinity)
    .flatMap(([key, part]) => placesOf(part, [...path, key]));
}

/** A copy, as it is read from JSON, with another value in one place. */
function withAt<R>(report: R, path: Path, value: unknown): R {
  const copy = JSON.parse(JSON.stringify(report));
  const parent = path.slice(0, -1).reduce((at, key) => at[key], copy);
  parent[path.at(-1)!] = value;
  return copy;
}

const hostile = [
  "<zqx>alert(1)</zqx>",
  '"><zqx onload="zqx(1)">',
  "`zqx`'zqx='",
  '"]; click extract "javascript:zqx()"',
  "\n\n```zqx\n```]]>--><zqx>",
];

/** No text of a report is markup where it is shown. */
function checkAll(run: RunReport | undefined, all: ManagerReport): void {
  const shown = [renderReport(all), ...(run ? [renderReport(run), renderDiagram(run)] : [])];
  for (const page of shown) {
    expect(page).not.toMatch(/<zqx|zqx>|["']zqx/);
    expect(page).not.toMatch(/[\s]on[a-z]+="/);
  }
  const charts = [toMermaid(all), ...(run ? [toMermaid(run)] : [])];
  for (const chart of charts) {
    expect(chart).not.toMatch(/[<>"'`|[\](){}]zqx|zqx[<>"'`|[\](){}=]/);
    expect(chart).not.toMatch(/click extract "|^\s*zqx|```/m);
  }
}

describe("a report parsed from JSON", () => {
  it.each(placesOf(full).map((path) => [path.join("."), path] as const))(
    "is shown without its own markup in %s",
    (_, path) => {
      for (const text of hostile) {
        const run = withAt(full, path, text);
        checkAll(run, withAt(manager, ["reports", 0], run));
      }
    },
  );

  it.each(
    placesOf(manager).filter(([, index]) => index !== "0").map((path) => [path.join("."), path]),
  )(
    "of a manager is shown without its own markup in %s",
    (_, path) => {
      for (const text of hostile) checkAll(undefined, withAt(manager, path as Path, text));
    },
  );

  it("tells its rows where they are not as many as the items, and may be too old to have any", () => {
    const { rows: _, ...old } = richReport;
    const page = renderReport(old as RunReport);
    expect(page).toBe(renderReport(richReport));
    expect(page).not.toContain("rows");
    expect(renderReport({ ...richReport, rows: 40_000 })).toContain("as 40,000 rows");
  });

  it("may have any name for a column", () => {
    for (const text of hostile) {
      const run = { ...full, drift: { [text]: 1 }, tables: { [text]: { updated: 1 } } };
      checkAll(run, { ...manager, reports: [run] });
    }
  });

  it("is shown or rejected, whatever its values are", () => {
    const places = fc.constantFrom(...prefixesOf(full));
    const values = fc.oneof(
      fc.constantFrom(null, true, -1, 1e300, "", "x", [], {}, [null], { toString: 1 }, ["1"]),
      fc.constantFrom(...hostile),
      fc.double(),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(places, values), { minLength: 1, maxLength: 4 }), (changes) => {
        let run: RunReport = full;
        for (const [path, value] of changes) {
          try {
            run = withAt(run, path, value);
          } catch {
            // What it was to change is not there any more.
          }
        }
        try {
          checkAll(run, { ...manager, reports: [run] });
        } catch (error) {
          if (!(error instanceof ConfigurationError)) throw error;
        }
      }),
      { ...seeded, numRuns: 100 },
    );
  });

  function prefixesOf(report: RunReport): Path[] {
    return placesOf(report).flatMap((path) => path.map((_, index) => path.slice(0, index + 1)));
  }
});
