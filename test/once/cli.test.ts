import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { env, execPath } from "node:process";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bun, deno, nodeOf } from "../../scripts/runtimes.mjs";
import { runInTerminal } from "../support/terminal/pseudo-terminal.ts";
import { screenOf } from "../support/terminal/recorded-output.ts";

// A folder as npm leaves it: the program is started by a symbolic link, and the modules of the user
// import another copy of the package.
const folder = mkdtempSync(join(tmpdir(), "cli-once-"));
const program = join(folder, "node_modules/.bin/millrace");
beforeAll(async () => {
  await build({
    entryPoints: ["src/cli.ts"],
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    external: ["node:*"],
    outdir: join(folder, "node_modules/millrace/dist"),
    logLevel: "error",
  });
  mkdirSync(join(folder, "node_modules/.bin"));
  symlinkSync("../millrace/dist/cli.js", program);
  cpSync("package.json", join(folder, "node_modules/millrace/package.json"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const orders = resolve("test/support/cli/modules/orders.ts");
const slow = resolve("test/support/cli/modules/slow.ts");
const failing = resolve("test/support/cli/modules/several.ts");
const runtimes: Record<string, string[] | undefined> = {
  Node: [execPath],
  Deno: deno && [deno, "run", "-q", "-A", "--no-lock"],
  Bun: bun && [bun],
};

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs it with its output in pipes; Ctrl-C comes each time that one of `interruptAt` is seen. */
function inPipes(
  command: readonly string[],
  args: readonly string[],
  interruptAt: readonly RegExp[] = [],
): Promise<Ended> {
  const [executable = "", ...rest] = [...command, program, ...args];
  const left = [...interruptAt];
  return new Promise((ended, reject) => {
    const child = spawn(resolve(executable), rest, { cwd: folder, env: { ...env, NO_COLOR: "1" } });
    const texts = { out: "", err: "" };
    const take = (name: "out" | "err") => (text: string) => {
      texts[name] += text;
      if (!left[0]?.test(texts.out + texts.err)) return;
      left.shift();
      // Two signals of one key are taken for one.
      setTimeout(() => child.kill("SIGINT"), 400);
    };
    child.stdout.setEncoding("utf8").on("data", take("out"));
    child.stderr.setEncoding("utf8").on("data", take("err"));
    child.on("error", reject);
    child.on("close", (code) => ended({ code, ...texts }));
  });
}

describe.each(Object.keys(runtimes))("millrace on %s", (name) => {
  const runtime = runtimes[name];
  if (runtime === undefined) throw new Error(`${name} is not installed: run \`npm ci\``);

  it("runs a module in a pipe, and prints nothing but what it says", async () => {
    const page = join(folder, `${name}.html`);
    const args = ["run", orders, "--json", "--report", page];
    const { code, out, err } = await inPipes(runtime, args);
    expect([code, err]).toEqual([0, `The page about it is ${page}\n`]);
    expect(JSON.parse(out)).toMatchObject({ name: "orders", loaded: 250 });
    expect(readFileSync(page, "utf8")).toMatch(/^<!doctype html>/);
  });

  it("returns an exit code for each outcome", async () => {
    const runs = [
      inPipes(runtime, ["run", failing, "failing"]),
      inPipes(runtime, ["run", orders, "--limt", "3"]),
      inPipes(runtime, ["run", slow, "slow", "--set", "budget.items=10"]),
    ];
    const ends = await Promise.all(runs);
    expect(ends.map(({ code }) => code)).toEqual([1, 2, 3]);
    expect(ends[1]!.err).toContain("perhaps '--limit'");
  });

  it("drains at Ctrl-C, and says so", async () => {
    const { code, out, err } = await inPipes(runtime, ["run", slow, "slow", "--json"], [/begun/]);
    expect([code, err]).toEqual([3, expect.stringContaining("Draining")]);
    expect(JSON.parse(out)).toMatchObject({ outcome: "drained" });
  });

  it("aborts at a second Ctrl-C", async () => {
    const seen = [/begun/, /Draining/];
    const { code, out, err } = await inPipes(runtime, ["run", slow, "stuck", "--json"], seen);
    expect([code, err]).toEqual([130, expect.stringContaining("Aborting")]);
    expect(JSON.parse(out)).toMatchObject({ outcome: "aborted" });
  });

  it("shows a progress line in a terminal, in which Ctrl-C is pressed", async () => {
    const command = [...runtime, program, "run", slow, "slow"].join(" ");
    const { code, output } = await runInTerminal(
      `sh -c 'echo begin; exec ${command}'`,
      /(slow: [^\r\n]*loaded[^]*?){4}/, // It redraws.
    );
    expect(code).toBe(3);
    expect(output).toContain("Draining: what was read is being loaded. Ctrl-C again aborts.");
    expect(screenOf(output).join("\n")).toMatch(/slow: drained, \d+ items read, \d+ loaded in /);
  });
});

describe("millrace on Node 22", () => {
  const node = nodeOf(22);
  it.skipIf(node === undefined)("knows that it is the program, and runs a module", async () => {
    const { code, out } = await inPipes([node!], ["run", orders]);
    expect([code, out]).toEqual([0, expect.stringContaining("orders: completed, ")]);
  });

  it.skipIf(node === undefined)("says what to do where types are not stripped", async () => {
    const old = [node!, "--no-experimental-strip-types"];
    const { code, err } = await inPipes(old, ["run", orders]);
    expect([code, err]).toEqual([1, expect.stringContaining("use Node 22.18 or later, Deno or")]);
  });
});

describe("millrace", () => {
  it.each([
    ["rnu", "perhaps 'run'"],
    [`replay ${orders} ${orders} --limit 3`, "perhaps '--live'"],
    ["report absent.json --title x", "'--title'"],
    ["checkpoints list --stor x", "perhaps '--store'"],
  ])("names what is wrong in %s", async (line, named) => {
    const { code, out, err } = await inPipes([execPath], line.split(" "));
    expect([code, out, err]).toEqual([2, "", expect.stringContaining(named)]);
  });

  it("ends with an error where nothing is left that a run could wait for", async () => {
    const { code, out, err } = await inPipes([execPath], ["run", slow, "hung"]);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toContain("waits for a promise that nothing can settle");
  });

  it("shows its help at once", async () => {
    const { code, out } = await inPipes([execPath], ["--help"]);
    expect(code).toBe(0);
    expect(out.split("\n").length).toBeLessThan(25);
  });
});
