import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const index = readFileSync("docs/README.md", "utf8");

/** What a reader comes for, with the words that the place it leads to has to have. */
const tasks: readonly [task: string, target: string, words: RegExp][] = [
  ["load a CSV into PostgreSQL", "csv.md#csv-into-postgresql", /postgresSink[^]*openFiles/],
  ["load a CSV into SQLite", "csv.md#csv-into-sqlite", /sqliteSink[^]*openFiles/],
  ["read a compressed file or a download", "formats.md#compression", /gzip/],
  ["write the rows of a query into one file", "files.md#writing", /fileSink/],
  ["load the pages of an API", "http.md#reading-pages", /readPages/],
  ["post batches to an API", "http.md#posting-batches", /httpSink/],
  ["copy only new rows between two databases", "postgres-source.md#only-new-rows", /settled/],
  ["update rows that are there already", "postgres.md#the-sink", /`"replace"`/],
  ["fill several tables from one item", "tables.md#rows-by-table", /parent/],
  ["turn one item into several rows", "pipelines.md#an-item-that-becomes-several-rows", /many\(/],
  ["update and delete rows of a tree", "tables.md#updating-a-tree", /missing/],
  ["resume after a crash", "checkpoints.md#how-the-next-run-resumes", /resume/],
  ["load everything again from the start", "cli.md#look-at-checkpoints", /reset/],
  ["load each row exactly once", "guarantees.md#how-often-an-item-is-loaded", /effectively/],
  ["stop cleanly at Ctrl-C", "stopping.md#ctrl-c", /SIGINT/],
  ["retry what fails, with a delay", "retry.md#which-errors-are-tried-again", /isRetriable/],
  ["find bad items and keep them", "dead-letters.md#isolation", /batch/],
  ["load dead letters again", "dead-letters.md#replay", /replay\(/],
  ["validate items with zod", "recipes/validation.md#validation-with-zod", /zod/],
  [
    "look up, deduplicate or count items",
    "recipes/branches.md#deduplicate-look-up-split-count",
    /lookup\(/,
  ],
  ["acknowledge queue messages", "recipes/queue.md#a-queue", /leased/],
  ["respect the rate limit of a service", "rate-limit.md#rate-limit", /RateLimiter/],
  ["share the work among many processes", "jobs.md#three-terminals", /node/],
  ["use all cores for a heavy transform", "threads.md#threads", /inThreads/],
  ["run within the time limit of a Worker", "continuing.md#what-a-budget-promises", /budget/],
  ["run on a cron trigger", "continuing.md#a-cron-trigger", /scheduled/],
  ["start a project on Cloudflare Workers", "workers.md#a-project-that-runs", /wrangler/],
  ["notice that a client has left", "stopping.md#a-client-that-leaves", /signal/],
  ["run a pipeline from a terminal", "cli.md#command-line", /npx millrace/],
  ["copy rows without writing a program", "copy.md#copying", /millrace copy/],
  ["show a progress bar", "progress.md#a-line", /showProgress/],
  ["see why a run failed", "report.md#explain", /explain\(/],
  ["find out what makes a run slow", "observability.md#where-the-time-went", /bottleneck/],
  ["send spans and metrics to a backend", "otel.md#setting-up-the-sdk", /instrument/],
  ["load into MySQL, or another database", "testing.md#a-sink", /transaction/],
  ["write an adapter for a system of your own", "testing.md#a-sink", /testSink/],
  ["test a pipeline of your own", "testing.md#a-pipeline", /MemoryCheckpointStore/],
];

/** The text of a page from a heading on, up to the next of its level or above. */
function sectionOf(target: string): string {
  const [page, anchor] = target.split("#");
  const lines = readFileSync(`docs/${page}`, "utf8").split("\n");
  const slug = (line: string) =>
    line.replace(/^#+ /, "").toLowerCase().replaceAll(/[^\p{L}\p{N}_ -]/gu, "").replaceAll(
      " ",
      "-",
    );
  const start = lines.findIndex((line) => line.startsWith("#") && slug(line) === anchor);
  if (start < 0) return "";
  const depth = lines[start]!.indexOf(" ");
  const length = lines.slice(start + 1).findIndex((line) =>
    /^#+ /.test(line) && line.indexOf(" ") <= depth
  );
  return lines.slice(start, length < 0 ? undefined : start + 1 + length).join("\n");
}

describe("docs/README.md", () => {
  it.each(tasks)("leads to “%s” in two clicks", (task, target, words) => {
    const row = index.split("\n").find((line) => line.includes(`| ${task} `));
    expect(row, "a row of “Find your task”").toContain(`](${target})`);
    expect(sectionOf(target)).toMatch(words);
  });

  it("has each page once, outside of the tasks", () => {
    const pages = [...index.matchAll(/\]\(([^)#]+\.md)\)/g)].map(([, page]) => page);
    expect(pages.filter((page, at) => pages.indexOf(page) !== at)).toEqual([]);
    expect(pages.length).toBeGreaterThan(50);
  });

  it("has no task that is not tested", () => {
    const [, table = ""] = index.split("## Find your task");
    const rows = table.split("\n## ")[0]!.split("\n").filter((line) => line.startsWith("| "));
    expect(rows.length - 2, "without the head").toBe(tasks.length);
  });
});
