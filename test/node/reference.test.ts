import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as http from "../../src/adapters/http.ts";
import * as ndjson from "../../src/adapters/ndjson.ts";
import * as threads from "../../src/adapters/threads.ts";
import * as millrace from "../../src/index.ts";
import { runOptions } from "../../src/pipeline/run-options.ts";

/** The rows of all tables of a page by what their first cell begins with, in code. */
function rowsOf(page: string): Map<string, string[]> {
  const lines = readFileSync(page, "utf8").split("\n").filter((line) => line.startsWith("| `"));
  const cells = lines.map((line) =>
    line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim())
  );
  return new Map(
    cells.map(([first = "", ...others]) => [/^`"?([\w:-]+)/.exec(first)![1]!, others]),
  );
}

const options = Object.entries(runOptions);
const bucketOptions = ["batchSize", "timeout", "maxBytes", "sizeOf", "flushWhen", "onError"];

describe("docs/pipelines.md and docs/streams.md", () => {
  const rows = new Map([...rowsOf("docs/streams.md"), ...rowsOf("docs/pipelines.md")]);

  it.each(options)("has a row for the option %s, with its default", (name, [, value]) => {
    expect(rows.has(name), name).toBe(true);
    if (typeof value === "object" || value === undefined) return; // Told in words, or none.
    const [told = ""] = rows.get(name)!;
    expect(told.replaceAll(/[`_]/g, "")).toBe(
      typeof value === "string" ? `"${value}"` : String(value),
    );
  });

  it("name no option twice", () => {
    const inPipelines = rowsOf("docs/pipelines.md");
    expect(bucketOptions.filter((name) => inPipelines.has(name))).toEqual([]);
  });
});

describe("docs/observability.md", () => {
  it("has a row for each event of a run, and no other", () => {
    const source = readFileSync("src/pipeline/run-event.ts", "utf8");
    const types = [...source.matchAll(/readonly type: "([a-z:-]+)"/g)].map(([, type]) => type);
    const rows = [...rowsOf("docs/observability.md").keys()].filter((name) => name.includes(":"));
    expect(types.length).toBeGreaterThan(5);
    expect(rows.sort()).toEqual(types.sort());
  });
});

describe("docs/errors.md", () => {
  const classes = Object.entries({ ...millrace, ...http, ...ndjson, ...threads }).filter((
    [, value],
  ) => typeof value === "function" && value.prototype instanceof millrace.EtlError);

  it("has a row for each class of error", () => {
    const rows = [...rowsOf("docs/errors.md").keys()];
    expect(rows.sort()).toEqual(classes.map(([name]) => name).sort());
  });
});
