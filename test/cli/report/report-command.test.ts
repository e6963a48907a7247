import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli } from "../../support/cli/run-cli.ts";

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "cli-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes a file, and returns its path. */
function written(text: string): string {
  const path = join(folder, "run.json");
  writeFileSync(path, text);
  return path;
}

describe("millrace report", () => {
  it("says what a run did, from what `run --json` prints", async () => {
    const run = await runCli("run orders.ts --json");
    const { code, out, err } = await runCli(`report ${written(run.out)}`);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/^orders: completed, 250 items read, 250 loaded in /);
  });

  it("draws a page with a title", async () => {
    const run = await runCli("run orders.ts --json");
    const page = join(folder, "page.html");
    const args = ["report", written(run.out), "--out", page, "--title", "Orders <of> today"];
    expect(await runCli(args)).toEqual({ code: 0, out: "", err: "" });
    expect(readFileSync(page, "utf8")).toContain("Orders &lt;of&gt; today");
  });

  it("replaces no file that is no page, such as the report itself", async () => {
    const report = written((await runCli("run orders.ts --json")).out);
    const text = readFileSync(report, "utf8");
    const { code, err } = await runCli(`report ${report} --out ${report}`);
    expect(code).toBe(2);
    expect(err).toContain("'--out' must be a new file or a page, as it would replace the file");
    expect(readFileSync(report, "utf8")).toBe(text);
  });

  it("writes into a pipe, whose reader gets all of it", async () => {
    const report = written((await runCli("run orders.ts --json")).out);
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const reading = readFile(pipe, "utf8");
    expect((await runCli(`report ${report} --out ${pipe}`)).code).toBe(0);
    expect(await reading).toMatch(/^<!doctype html>[^]*<\/html>\s*$/i);
  });

  it("does so for the report of a manager", async () => {
    const run = await runCli("run several.ts broken --json");
    const path = written(run.out);
    const { code, out } = await runCli(`report ${path}`);
    expect(code).toBe(0);
    expect(out).toContain("second: skipped, as failing did not complete\n");
    const page = join(folder, "page.html");
    await runCli(`report ${path} --out ${page}`);
    expect(readFileSync(page, "utf8")).toContain("second");
  });

  it("does so for the report of a job", async () => {
    const run = await runCli("run several.ts job --json");
    const path = written(run.out);
    expect((await runCli(`report ${path}`)).out).toMatch(/^tens: completed, 4 of 4 partitions /);
    const page = join(folder, "page.html");
    expect((await runCli(`report ${path} --out ${page}`)).code).toBe(0);
    expect(readFileSync(page, "utf8")).toContain("tens");
  });

  it("trusts nothing that a report says", async () => {
    const run = JSON.parse((await runCli("run orders.ts --json")).out);
    const evil = {
      ...run,
      name: "\x1b[2J<script>alert(1)</script>",
      outcome: "<b>x</b>",
      failure: { stage: "<i>", message: "\x1b]0;x\x07<img src=x onerror=alert(1)>", attempts: "9" },
      deadLetterReasons: [{ message: "<u>", stage: 7, count: "many" }, null],
    };
    const path = written(JSON.stringify(evil));
    const { out, err } = await runCli(`report ${path}`);
    // deno-lint-ignore no-control-regex
    expect(out + err).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
    const page = join(folder, "page.html");
    await runCli(`report ${path} --out ${page}`);
    expect(readFileSync(page, "utf8")).not.toMatch(/<script>|<img|<i>|<u>|<b>x/);
  });

  it.each([
    ["{}", 2, "must be a report of run() or runAll(), or of a job: current value is an object"],
    ["[]", 2, "must be a report of run() or runAll(), or of a job: current value is an array of 0"],
    ["null", 2, "must be a report of run() or runAll(), or of a job: current value is null"],
    ["no JSON", 1, "Cannot read "],
  ])("rejects a file of %s", async (text, expected, sentence) => {
    const { code, out, err } = await runCli(`report ${written(text)}`);
    expect(err).toContain(sentence);
    expect([code, out]).toEqual([expected, ""]);
  });

  it.each([
    ["report", "'arguments' must be as in 'millrace report run.json [--out page.html] [--title"],
    ["report x.json --title t", "'--title' must be omitted without '--out'"],
    ["report x.json --ouput t", "must be a flag of 'report', perhaps '--out'"],
  ])("rejects %s", async (line, sentence) => {
    const { code, err } = await runCli(line);
    expect(err).toContain(sentence);
    expect(code).toBe(2);
  });
});
