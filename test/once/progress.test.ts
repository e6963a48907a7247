import { execPath } from "node:process";
import { describe, expect, it } from "vitest";
import { bun, deno } from "../../scripts/runtimes.mjs";
import { runInClosedPipe, runInPipe, runInTerminal } from "../support/terminal/pseudo-terminal.ts";
import { screenOf } from "../support/terminal/recorded-output.ts";

const program = "test/node/programs/show-progress.ts";
const runtimes: Record<string, string | undefined> = {
  Node: `${execPath} --disable-warning=ExperimentalWarning`,
  Deno: deno && `${deno} run -q -A --no-lock`,
  Bun: bun,
};
const completed = /^films: completed, 100% of 20, 20 loaded, [\d.]+\/s, in \d+\.\d s$/;
const failed = /^cities: failed, 50% of 20, 10 loaded, [\d.]+\/s, \d+ pending, in \d+\.\d s$/;
const hidden = "\x1b[?25l"; // What hides the cursor.

/** What a bar showed at last for each name: a redraw begins with the first column. */
function lastOf(output: string, name: string): string | undefined {
  // deno-lint-ignore no-control-regex
  return output.split(/\x1b\[[\d;]*[A-Za-z]|[\r\n]/).findLast((text) => text.startsWith(name));
}

describe.each(["Node", "Deno", "Bun"])("showProgress() on %s", (name) => {
  const runtime = runtimes[name];
  if (runtime === undefined) throw new Error(`${name} is not installed: run \`npm ci\``);
  const inTerminal = (way: string, interruptAt?: RegExp) =>
    runInTerminal(`${runtime} ${program} ${way}`, interruptAt);
  const inPipe = (way: string) => runInPipe(`${runtime} ${program} ${way}`);

  it("redraws one line in a terminal", async () => {
    const { code, output } = await inTerminal("line");
    expect(code).toBe(0);
    expect(screenOf(output)).toEqual([expect.stringMatching(completed), ""]);
    expect(output.match(/films: \[.{8,}?\] \d+% of 20/g)!.length).toBeGreaterThan(3);
    expect(output).not.toContain(hidden);
  });

  it("redraws a line of each run", async () => {
    const { output } = await inTerminal("lines");
    const lines = [expect.stringMatching(completed), expect.stringMatching(failed), ""];
    expect(screenOf(output)).toEqual(lines);
  });

  it("keeps within a terminal that becomes narrow", async () => {
    const { output } = await inTerminal("narrow");
    expect(screenOf(output)).toEqual(["films: completed...", ""]);
    expect(output).toMatch(/films: \[.{8,}?\] \d+% of 20, \d+ loaded/);
  });

  it("ends the line before the process exits", async () => {
    const { code, output } = await inTerminal("exit");
    expect(code).toBe(3);
    expect(screenOf(output)).toEqual([expect.stringMatching(/^films: \[=+> +\] 50% of 20/), ""]);
  });

  it("shows the draining that Ctrl-C begins, and its end", async () => {
    const { code, output } = await inTerminal("drained", /[3-9] loaded/);
    expect(code).toBe(0);
    expect(output).toContain("films: draining, ");
    expect(screenOf(output)).toEqual([expect.stringMatching(/^films: drained, /), ""]);
  });

  it("restores the cursor when Ctrl-C kills the process", async () => {
    const { code, output } = await inTerminal("killed", /0 loaded/);
    expect(code).toBe(130);
    expect(screenOf(output)).toEqual([
      expect.stringMatching(/^films: \[> +\] 0% of 20, 0 loaded, 0\/s/),
    ]);
    expect(output).not.toContain(hidden);
  });

  it("writes plain lines to a pipe", async () => {
    const { code, output } = await inPipe("plain");
    expect(code).toBe(0);
    expect(output.split("\n")).toEqual([expect.stringMatching(completed), ""]);
    const lines = (await inPipe("line")).output.split("\n");
    expect(lines.length).toBeGreaterThan(5);
    expect(lines[1]).toMatch(/^films: \d+% of 20, \d+ loaded, [\d.]+\/s(?:, \d+ s left)?$/);
  });

  it("does not stop the run if the reader of its lines has closed the pipe", async () => {
    const { output } = await runInClosedPipe(`${runtime} ${program} closed`);
    expect(output).toBe("completed\n");
  });

  it("drives a bar of cli-progress", async () => {
    const { code, output } = await inTerminal("bar");
    expect(code).toBe(0);
    expect(lastOf(output, "films")).toMatch(/^films completed \[=+\] 100% 20\/20 [\d.]+\/s$/);
    expect(output).toMatch(/films running \[=*-+\]/);
    const broken = await inTerminal("failed");
    expect(broken.code).toBe(0);
    expect(lastOf(broken.output, "films")).toMatch(/^films failed \[=+-+\] 50% 10\/20 [\d.]+\/s$/);
  });

  it.each(["bars", "bars-of-it"])("drives a MultiBar of cli-progress as %s", async (way) => {
    const { code, output } = await inTerminal(way);
    expect(code).toBe(0);
    expect(lastOf(output, "films")).toMatch(/^films completed \[=+\] 100% 20\/20 [\d.]+\/s$/);
    const cities = way === "bars" ? /^cities failed \[=+-+\] 50% 10\/20/ : /^cities completed/;
    expect(lastOf(output, "cities")).toMatch(cities);
  });

  it.each(["bar", "bars", "bars-of-it"])("leaves a pipe empty with %s, and ends", async (way) => {
    expect(await inPipe(way)).toEqual({ code: 0, output: "" });
  });
}, 180_000);

it("showProgress() asks for no permission on Deno", async () => {
  const { code, output } = await runInTerminal(`${deno} run -q --no-lock ${program} line`);
  expect(code).toBe(0);
  expect(screenOf(output)).toEqual([expect.stringMatching(completed), ""]);
}, 180_000);
