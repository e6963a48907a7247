import { describe, expect, it } from "vitest";
import { broadcast } from "../../../src/adapters/operators.ts";
import { renderDiagram, renderReport, toMermaid } from "../../../src/adapters/report.ts";
import { etl, type EtlError, EtlManager, type ManagerError } from "../../../src/index.ts";
import type { RunFailure, RunReport } from "../../../src/report-types.ts";
import { elementsWith, pictureOf } from "../../support/report/report-markup.ts";
import { richReport, runReport } from "../../support/report/run-reports.ts";
import { errorOf } from "../../support/outcomes/error-of.ts";

const films = etl<number>({
  name: "films",
  extract: () => [0, 1, 2, 3],
  load: ([n]) => {
    if (n === 3) throw Object.assign(new Error("no <space> left"), { code: "ENOSPC" });
    if (n === 1) throw new Error("no id");
  },
});
const retry = { maxAttempts: 2, baseDelay: 1 };
const text = (page: string) => page.replaceAll(/<[^>]*>/g, "");

describe("the report page of a run that failed", () => {
  const told = "It failed in load with batch 1 (1 item from offset 1) after 2 attempts: no id";
  const failed = async () => (await errorOf(films.run({ retry })) as EtlError).report!;

  it("says what failed on the page and in the diagram", async () => {
    const report = await failed();
    expect(text(renderDiagram(report))).toContain(told);
    const page = renderReport(report);
    expect(page).toContain("data-failure");
    expect(page.match(/<p class="message">no id</g)).toHaveLength(1);
    expect(page).not.toContain("It failed in"); // The card has it.
  });

  it("says what failed in the flowchart", async () => {
    const chart = toMermaid(await failed());
    expect(chart).toContain('  failed["failed in load<br/>no id"]\n  load -.-> failed\n');
    const hook = etl({
      name: "hook",
      preProcess: () => Promise.reject("why"),
      extract: () => [],
      load: () => {},
    });
    const { report } = await errorOf(hook.run()) as EtlError;
    expect(toMermaid(report!)).toContain('"failed in preProcess<br/>why"]\n  run -.-> failed\n');
  });

  it("says what failed on the page and in the flowchart of its manager", async () => {
    const manager = new EtlManager({ retry }).add(films);
    const { reports } = await errorOf(manager.runAll()) as ManagerError;
    const page = renderReport({ reports, outcome: "failed" });
    expect(page).toContain('<p class="message">no id<');
    expect(text(page)).toContain("failed in load, 1 in ");
    expect(toMermaid({ reports, outcome: "failed" })).toContain("in load#58; no id");
  });
});

describe("the card of a failure", () => {
  const failure: RunFailure = {
    ...{ stage: "load", message: "no <space>", code: "ENOSPC", attempts: 3 },
    batch: { sequence: 20, offset: 1000, size: 50 },
  };
  const page = renderReport({ ...richReport, outcome: "failed", failure });
  const card = page.match(/data-failure>[^]*?<\/div>\n/)![0];

  it("has its message, stage, code, attempts and batch, and what to do", () => {
    expect(card).toContain('<p class="message">no &lt;space&gt;</p>');
    expect(text(card.replaceAll("</dt>", " ").replaceAll("</dd>", "; "))).toContain(
      "stage load; code ENOSPC; attempts 3; batch 20: 50 items from offset 1,000; ",
    );
    expect(card).toContain("data-advice>To load the others and set aside the items to blame, pass");
    expect(page.indexOf("data-failure")).toBeLessThan(page.indexOf("data-explanation"));
  });

  it("links its batch to the picture, where it has a row of its own", () => {
    expect(card).toContain('<a href="#run-1-failed">20</a>');
    const picture = pictureOf(page, "waterfall");
    expect(picture).toContain('<g id="run-1-failed" data-failed="20">');
    expect(text(picture)).toContain("Batch 20 failed: 50 items from offset 1,000");
    expect(renderReport(runReport({ outcome: "failed", failure }))).not.toContain("run-1-failed");
  });

  it("marks the batch itself where it was finished before", () => {
    const batch = { sequence: 7, offset: 350, size: 50 };
    const marked = renderReport({
      ...richReport,
      ...{ outcome: "failed", failure: { ...failure, stage: "checkpoints", batch } },
    });
    const picture = pictureOf(marked, "waterfall");
    expect(elementsWith(picture, "data-failed")).toEqual([
      { "data-sequence": "7", "data-lane": "3", id: "run-1-failed", "data-failed": "7" },
    ]);
    expect(picture.match(/#mark-failed/g)).toHaveLength(2); // In the picture and in its key.
  });
});

describe("the report page of a run with dead letters", () => {
  it("shows them by reason, on the page, in the diagram and in the flowchart", async () => {
    const report = await films.run({ deadLetters: new WritableStream() });
    const page = text(renderReport(report));
    expect(page).toContain(
      "Dead letters by reason1 no id in load, first at offset 11 no &lt;space",
    );
    const words =
      "2 items became dead letters: 1 × no id (in load, first at offset 1); 1 × no &lt;";
    expect(page).not.toContain("became dead letters"); // The list has it.
    expect(text(renderDiagram(report))).toContain(words);
    expect(toMermaid(report)).toContain("<br/>1 × no id<br/>1 × no #60;space#62; left");
  });

  it("shows properties without a column", async () => {
    const load = (rows: number[], { drift }: { drift: (n: Record<string, number>) => void }) =>
      drift({ "<age>": rows.length });
    const report = await etl({ name: "films", extract: () => [1, 2], load }).run();
    expect(text(renderReport(report))).toContain("no such column2 rows &lt;age&gt;");
  });

  it("shows what became of the rows of each table", async () => {
    const deadLetters = new WritableStream();
    const tables = { "<film>": { inserted: 3, deleted: 1 } };
    const report = { ...await films.run({ deadLetters }), tables };
    expect(text(renderReport(report))).toContain("Rows by table3 inserted, 1 deleted &lt;film&gt;");
  });

  it("shows what became of the rows of each branch", async () => {
    const index = (rows: number[]) => {
      if (rows.includes(2)) throw new Error("no such term");
    };
    const load = broadcast({ table: () => {}, "<index>": index });
    const report = await etl({ name: "films", extract: () => [1, 2], load })
      .run({ deadLetters: new WritableStream() });
    expect(text(renderReport(report))).toContain(
      "Rows by branch2 given, 2 loaded table" +
        "2 given, 1 loaded, 1 dead-lettered &lt;index&gt;",
    );
  });

  it("is unchanged for a report of an older version without either", async () => {
    const report = await films.run({ deadLetters: new WritableStream() });
    const { deadLetterReasons: _, drift: __, tables: ___, ...old } = report;
    const page = renderReport(old as RunReport);
    expect(page).not.toContain("data-list");
    expect(page).toContain('data-figure="deadLettered" data-value="2"');
    expect(toMermaid(old as RunReport)).toContain('load -.->|2| dead[("dead letters")]');
  });
});
