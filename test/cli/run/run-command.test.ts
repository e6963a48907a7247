import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { modules, runCli } from "../../support/cli/run-cli.ts";
import { kept, seen } from "../../support/cli/modules/several.ts";
import { testTerminal } from "../../support/cli/test-terminal.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cli-"));
  seen.loaded.length = seen.letters.length = seen.hooks.length = 0;
  kept.clear();
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("millrace run", () => {
  it("runs the only pipeline of a module, and says what it did", async () => {
    const { code, out, err } = await runCli("run orders.ts");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/^orders: completed, 250 items read, 250 loaded in .*\n.+\n$/);
  });

  it("prints the report as JSON on standard output alone", async () => {
    const { code, out, err } = await runCli("run several.ts numbers --json");
    expect([code, err]).toEqual([0, ""]);
    expect(JSON.parse(out)).toMatchObject({ name: "numbers", loaded: 36, deadLettered: 4 });
  });

  it.each(["resumable", "numbers"])("finds a pipeline by the name %s", async (name) => {
    const { code, out } = await runCli(`run several.ts ${name}`);
    expect([code, out.split(":")[0]]).toEqual([0, "numbers"]);
    expect(seen.loaded.length).toBe(36);
  });

  it("sets options of the run: JSON, text, and options of options", async () => {
    const { out } = await runCli(
      "run orders.ts --json --set workers=2 --set retry.maxAttempts=3 --set timeout=Infinity " +
        `--set budget={"batches":1} --set batchSize=10`,
    );
    expect(JSON.parse(out)).toMatchObject({ workers: 2, outcome: "paused" });
  });

  it("returns 3 for a run that is paused", async () => {
    const { code, out } = await runCli("run orders.ts --set budget.items=10 --set batchSize=10");
    expect(code).toBe(3);
    expect(out).toContain("orders: paused, ");
  });

  it("returns 1 for a run that fails, says why, and still writes the page", async () => {
    const line = `run several.ts failing --report ${join(folder, "page.html")}`;
    const { code, out, err } = await runCli(line);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(/^failing: failed, \d+ items read, 10 loaded, \d+ pending in /);
    expect(err.match(/the table is gone/g)).toHaveLength(1);
    expect(err).toContain(`The page about it is ${join(folder, "page.html")}\n`);
    const page = readFileSync(join(folder, "page.html"), "utf8");
    expect(page).toContain("the table is gone");
    expect(page).toContain("<svg"); // Traced.
  });

  it.each<[string, string]>([
    [
      "run several.ts numbers --set workers=0",
      "Cannot run pipeline \"numbers\" as '--set workers' must be a positive integer: " +
      "current value is 0",
    ],
    [
      "run several.ts numbers --set retry.maxAttempts=x",
      "Cannot run pipeline \"numbers\" as '--set retry.maxAttempts' must be a positive integer or Infinity",
    ],
    [
      "run several.ts numbers --set worker=1",
      "'--set' must be a run option, perhaps 'workers': current value is \"worker=1\"",
    ],
    ["run several.ts --set workers", "'--set' must be in the form 'option=value'"],
    [
      "run several.ts --set workers=1 --set workers=2",
      "'--set' must be given only once: current value is \"workers=2\"",
    ],
    [
      "run several.ts --set retry=1 --set retry.maxAttempts=2",
      "'--set' must be given only once: current value is \"retry.maxAttempts=2\"",
    ],
    ["run several.ts --limit 0", "'--limit' must be a positive integer: current value is \"0\""],
    ["run several.ts --limit x", "'--limit' must be a positive integer: current value is \"x\""],
    ["run absent.ts", "'file' must be the path of a module: current value is \"absent.ts\""],
    [
      "run several.ts",
      "Cannot run \"several.ts\" as 'name' must be one of broken, endless, failing, flaky, frozen, " +
      "job, lent, manager, ofClass, resumable: current value is undefined",
    ],
    ["run several.ts nobody", 'current value is "nobody"'],
    [
      "run empty.ts",
      "'exports' must be at least a pipeline, a manager or a job: current value is \"answer\"",
    ],
    [
      "run several.ts manager --limit 3",
      "Cannot run manager \"manager\" as '--limit' must be omitted for a manager",
    ],
    [
      "run several.ts manager --set workers=3",
      "Cannot run manager \"manager\" as '--set' must be omitted for a manager",
    ],
    ["run several.ts numbers --report absent/page.html", "'--report' must be a file in a folder"],
    ["run several.ts job --dry-run", "'--dry-run' must be omitted for a job"],
    ["run several.ts numbers --set deadLetters=1", "'--set deadLetters' must be"],
  ])("rejects %s", async (line, sentence) => {
    const { code, out, err } = await runCli(line);
    expect(err).toContain(sentence);
    expect([code, out, seen.loaded]).toEqual([2, "", []]);
  });

  it("shows where a module failed", async () => {
    const { code, err } = await runCli("run throwing.ts");
    expect(code).toBe(1);
    expect(err).toContain('Cannot import "throwing.ts": ');
    expect(err).toContain("no database");
    expect(err).toMatch(/throwing\.ts:1/);
  });

  it("runs all pipelines of a manager", async () => {
    const { code, out } = await runCli("run several.ts manager");
    expect(code).toBe(0);
    expect(out).toMatch(/^first: completed, [^]*\n\nsecond: completed, /);
    expect(seen.loaded.length).toBe(80);
  });

  it("says what became of each pipeline of a manager that failed", async () => {
    const line = `run several.ts broken --report ${join(folder, "page.html")}`;
    const { code, out, err } = await runCli(line);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(/^failing: failed, /);
    expect(err).toContain("second: skipped, as failing did not complete\n");
    expect(readFileSync(join(folder, "page.html"), "utf8")).toContain("second");
  });

  it("splits a job, and works on its partitions", async () => {
    const { code, out } = await runCli("run several.ts job");
    expect(code).toBe(0);
    expect(out).toMatch(/^tens: completed, 4 of 4 partitions completed, 40 items loaded in /);
    expect(seen.loaded.length).toBe(40);
  });
});

describe("millrace run --limit", () => {
  it("stops after exactly so many items, and goes on behind them", async () => {
    const first = await runCli("run several.ts numbers --limit 13 --json");
    expect(first.code).toBe(0);
    expect(JSON.parse(first.out)).toMatchObject({ extracted: 13, outcome: "drained" });
    expect(kept.get("numbers")?.offset).toBe(13);
    const second = await runCli("run several.ts numbers --limit 9 --json");
    expect(JSON.parse(second.out)).toMatchObject({ extracted: 9, earlier: 13 });
    const third = await runCli("run several.ts numbers --limit 100 --json");
    expect(JSON.parse(third.out)).toMatchObject({ earlier: 22, outcome: "completed" });
    expect(seen.loaded.length).toBe(36);
    expect(seen.letters.length).toBe(4);
    expect(seen.hooks.filter((hook) => hook === "postProcess")).toHaveLength(1);
  });

  it("counts on where a source that failed is opened again", async () => {
    const { out } = await runCli("run several.ts flaky --limit 7 --json");
    expect(JSON.parse(out)).toMatchObject({ extracted: 7, loaded: 7, outcome: "drained" });
    expect(seen.loaded).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it("goes with a pipeline that is frozen, or of a class", async () => {
    const frozen = await runCli("run several.ts frozen --limit 3 --json");
    expect(JSON.parse(frozen.out)).toMatchObject({ loaded: 3, outcome: "drained" });
    const ofClass = await runCli("run several.ts of-class --limit 3 --dry-run --json");
    expect(JSON.parse(ofClass.out)).toMatchObject({ wouldLoad: { first: [0, 2, 4] } });
  });

  it("is refused for a leased source, which it would take items from", async () => {
    const { code, err } = await runCli("run several.ts lent --limit 3");
    expect(code).toBe(1);
    expect(err).toContain("'--limit' must be omitted for a leased source");
  });
});

describe("millrace run --dry-run", () => {
  it("loads, writes and keeps nothing, calls no hook, and shows the first rows", async () => {
    const { code, out, err } = await runCli("run several.ts numbers --dry-run");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(
      /^numbers: completed, 40 items read, 36 would have been loaded, 4 dead-lettered in /,
    );
    expect(out).toContain(
      "Dry run: nothing was loaded. It would have loaded 36 rows:\n  { n: 0 }\n  { n: 1 }\n",
    );
    expect(out).toContain("  { n: 4 }\n  and 31 more rows\nNot called: preProcess, postProcess.\n");
    expect(out).toContain("4 items became dead letters: 4 × a nine");
    expect(seen).toEqual({ loaded: [], letters: [], hooks: [] });
    expect(kept.get("numbers")).toBeUndefined();
  });

  it("goes with --limit and --json", async () => {
    const { code, out } = await runCli("run several.ts numbers --dry-run --limit 4 --json");
    expect(code).toBe(0);
    const wouldLoad = { rows: 4, first: [{ n: 0 }, { n: 1 }, { n: 2 }, { n: 3 }] };
    expect(JSON.parse(out)).toMatchObject({ extracted: 4, wouldLoad });
  });
});

describe("Ctrl-C", () => {
  /** Presses it when a line is written that says so. */
  async function pressing(line: string, times: number) {
    const terminal = testTerminal({ folder: modules });
    const ended = runCli(line, terminal);
    for (let pressed = 0; pressed < times; pressed++) {
      while (terminal.listeners() === 0 && terminal.err() === "") {
        await new Promise((resolve) => setTimeout(resolve));
      }
      terminal.interrupt();
    }
    const { code, out, err } = await ended;
    return { code, out, err, terminal };
  }

  it("drains the run", async () => {
    const { code, out, err, terminal } = await pressing("run several.ts endless", 1);
    expect(code).toBe(3);
    expect(out).toMatch(/^endless: drained, /);
    expect(err).toBe("\nDraining: what was read is being loaded. Ctrl-C again aborts.\n");
    expect(terminal.listeners()).toBe(0);
  });

  it("aborts it when it is pressed twice", async () => {
    const { code, out, err } = await pressing("run several.ts endless --json", 2);
    expect(code).toBe(130);
    expect(JSON.parse(out)).toMatchObject({ outcome: "aborted" });
    expect(err).toContain("\nAborting. Ctrl-C again ends the process.\n");
  });

  it("ends the process the third time", async () => {
    const { terminal } = await pressing("run several.ts endless", 3);
    expect(terminal.exits).toEqual([130]);
  });
});
