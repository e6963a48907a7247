import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  renderDiagram,
  renderProgress,
  renderReport,
  toMermaid,
} from "../../../src/adapters/report.ts";
import type { ReportedJob } from "../../../src/adapters/report/plain-report.ts";
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

const job: ReportedJob = {
  ...{ name: "sales", outcome: "failed", reason: "enough", duration: 60_000, rows: 1, earlier: 2 },
  ...{ extracted: 9, loaded: 8, skipped: 5, deadLettered: 1, returned: 3, pending: 4 },
  dead: [{ partition: "p1", error: "no id", failures: 3, begun: 2, loaded: 1 }],
  partitions: { total: 40, completed: 30, dead: 1, cancelled: 9 },
};
/** What is followed while it runs, by its kind. */
const followed = {
  run: { ...full, state: "running", bytes: { read: 1, total: 2 }, eta: 3 },
  manager: {
    ...{ state: "running", duration: 9, retries: 1, extracted: 9, loaded: 8, pending: 1 },
    pipelines: [{ ...full, state: "ended" }, { name: "sales", state: "waiting" }],
  },
  job: { ...job, state: "running", partitions: { ...job.partitions, held: 1 } },
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

/** No text is markup on a page. */
function checkPage(page: string): void {
  expect(page).not.toMatch(/<zqx|zqx>|["']zqx|[\s]on[a-z]+="/);
}

/** No text of a report is markup where it is shown. */
function checkAll(run: RunReport | undefined, all: ManagerReport): void {
  const shown = [renderReport(all), ...(run ? [renderReport(run), renderDiagram(run)] : [])];
  shown.forEach(checkPage);
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

  it("of a job is shown without its own markup in any place", () => {
    for (const path of placesOf(job)) {
      for (const text of hostile) checkPage(renderReport(withAt(job, path, text)));
    }
    for (const text of hostile) {
      const page = renderReport(job, {
        title: text,
        host: text,
        options: { [text]: { [text]: text } },
      });
      checkPage(page);
    }
  });

  it.each(Object.entries(followed))(
    "is shown without its own markup while a %s is followed",
    (_, snapshot) => {
      for (const path of placesOf(snapshot)) {
        for (const text of hostile) {
          checkPage(renderProgress(withAt(snapshot, path, text) as never));
        }
      }
    },
  );

  it("is shown without its own markup if every number is a text", () => {
    for (const text of hostile) {
      const turned = (value: unknown) =>
        JSON.parse(JSON.stringify(value, (_, each) => typeof each === "number" ? text : each));
      for (const each of [full, manager, job]) checkPage(renderReport(turned(each)));
      for (const each of Object.values(followed)) checkPage(renderProgress(turned(each)));
    }
  });

  it("shows shares below 0.1 % and above 99.9 % as such, escaped", () => {
    const load = { busy: 99_990, starved: 10, blocked: 0 };
    const tiny = { ...richReport, stages: { ...richReport.stages, load }, extracted: 1e6 };
    const page = renderReport({ ...tiny, deadLettered: 3 });
    expect(page).toContain("<b>&gt; 99.9 %</b>");
    expect(page).toContain("<b>&lt; 0.1 %</b>");
    expect(page).toContain("&lt; 0.1 % of all items");
    expect(toMermaid(tiny)).toContain("busy #62; 99.9 %");
    const part = { ...followed.run, total: 1e6, loaded: 1, extracted: 1e6 };
    const shown = [page, renderDiagram(tiny), renderProgress(part as never)];
    for (const each of shown) expect(each).not.toMatch(/[<>] \d/);
    expect(shown[2]).toContain('<p class="unit">&lt; 0.1 % of 1,000,000 items');
  });

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
