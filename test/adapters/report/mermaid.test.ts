import { describe, expect, it } from "vitest";
import { toMermaid } from "../../../src/adapters/report.ts";
import type { ManagerReport } from "../../../src/index.ts";
import { richReport as rich, runReport } from "../../support/report/run-reports.ts";

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
