import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { describe, expect, it } from "vitest";

/** From the ground up: what stands above may import what stands below, never the other way round. */
const floors: readonly (readonly string[])[] = [
  ["runtime", "report-types"],
  ["errors"],
  ["options"],
  ["retry"],
  ["checkpoints", "dead-letters", "explain", "jobs"],
  ["sql", "bytes"],
  ["streams"],
  ["pipeline"],
  ["telemetry"],
  ["run"],
  ["etl", "manager"],
];
const topFloor = floors.length; // The front door and the adapters, each a room of its own.

function floorOf(room: string): number {
  if (room === "cli") return topFloor + 1; // The command line: nothing imports it.
  const floor = floors.findIndex((rooms) => rooms.includes(room));
  return floor < 0 ? topFloor : floor;
}

const paths = readdirSync("src", { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".ts"));

/** The room of a file in `src`. One that stands there alone is a room by itself. */
function roomOf(path: string): string {
  const [folder = "", name] = path.split("/");
  if (folder === "adapters") return `adapters/${name?.replace(/\.ts$/, "")}`;
  const room = folder.replace(/\.ts$/, "");
  if (room === "manager-report-types") return "report-types";
  return room === "plain-options" ? "options" : room;
}

function mayNeedHost(path: string): boolean {
  return path.startsWith("adapters/") || path.startsWith("cli/");
}

function mayImport(path: string, target: string): boolean {
  if (!target.startsWith(".")) return target.startsWith("node:") && mayNeedHost(path);
  const [room = "", other = ""] = [path, posix.join(path, "..", target)].map(roomOf);
  return room === other || floorOf(other) < floorOf(room);
}

/** The source without comments, whose examples import freely, and without what strings say. */
function codeOf(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$|\s\/\/ .*$/gm, "");
}

function targetsOf(code: string): string[] {
  const targets = code.matchAll(/(?:\bfrom|\bimport)[\s(]*["'`]([^"'`]+)["'`]/g);
  return [...targets].map(([, target = ""]) => target);
}

const hostNames = /\b(?:process|Buffer|Deno|Bun|require|__dirname|__filename|importScripts)\b/;
/** Questions that `runtime/detect.ts` answers, also where a string asks them. */
const detection =
  /"(?:Bun|Deno|process)"|Cloudflare-Workers|\bnavigator\b|\{ (?:process|Deno|Bun)\b/;
const mutable = /^(?:export\s+)?(?:let|var)\b/m;
const drawer = /(?:^|\/)(?:utils?|helpers?|common|misc)(?:\/|\.|$)/;

describe("src", () => {
  it("is looked at", () => {
    expect(paths).toContain("index.ts");
    expect(paths).toContain("manager/manager.ts");
  });

  it("has no room that is not on a floor", () => {
    const rooms = new Set(paths.map(roomOf));
    const known = [...floors.flat(), "index", "cli"];
    const strange = [...rooms].filter((room) =>
      !known.includes(room) && !room.startsWith("adapters/")
    );
    expect(strange).toEqual([]);
  });

  it.each(paths)("%s keeps to the house", (path) => {
    const source = readFileSync(`src/${path}`, "utf8");
    const code = codeOf(source);
    for (const target of targetsOf(code)) expect(mayImport(path, target), target).toBe(true);
    expect(path).not.toMatch(drawer);
    expect(path).toMatch(/^[a-z0-9/-]+\.ts$/); // kebab-case
    expect(source.split("\n").length - 1, "lines").toBeLessThanOrEqual(300);
    expect(source, "a doc comment begins with the thing or its verb").not.toMatch(
      /\/\*\*(?:\n *\*)? (?:What|How|Whether|Who)\b/,
    );
    expect(code, "state that requests and runs would share").not.toMatch(mutable);
    if (path === "runtime/detect.ts") return;
    expect(code, "which runtime this is").not.toMatch(detection);
    if (mayNeedHost(path)) return;
    expect(code.replaceAll(/"[^"\n]*"/g, '""'), "what one host has").not.toMatch(hostNames);
  });

  it("index.ts is the front door: named exports, nothing else", () => {
    const code = codeOf(readFileSync("src/index.ts", "utf8"));
    const rest = code.replaceAll(/export (?:type )?\{[^}]*\} from "[^"]+";/g, "");
    expect(rest.trim()).toBe("");
  });

  it("has no two files that import each other, not even types", () => {
    const circles: string[] = [];
    const seen = new Set<string>();
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) return void circles.push([...trail, path].join(" → "));
      if (seen.has(path)) return;
      for (const target of targetsOf(codeOf(readFileSync(`src/${path}`, "utf8")))) {
        if (target.startsWith(".")) visit(posix.join(path, "..", target), [...trail, path]);
      }
      seen.add(path);
    };
    for (const path of paths) visit(path, []);
    expect(circles).toEqual([]);
  });
});

describe("test", () => {
  it("has no drawer for leftovers", () => {
    const files = readdirSync("test", { recursive: true, encoding: "utf8" });
    expect(files.filter((path) => drawer.test(path.replaceAll("\\", "/")))).toEqual([]);
  });

  it("seeds its random cases, so that a run that fails fails again", () => {
    const files = readdirSync("test", { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"));
    const unseeded = files.filter((path) => {
      const code = readFileSync(`test/${path}`, "utf8");
      return /\bfc\.assert\(/.test(code) && !/\bseed(?:ed)?\b/.test(code);
    });
    expect(unseeded).toEqual([]);
  });

  it("has no file of more than 300 lines", () => {
    const files = readdirSync("test", { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"));
    const long = files.filter((path) =>
      readFileSync(`test/${path}`, "utf8").split("\n").length - 1 > 300
    );
    expect(long).toEqual([]);
  });
});

describe("the rules", () => {
  it.each([
    ["errors.ts", "./report-types.ts"],
    ["retry/retry.ts", "../errors.ts"],
    ["retry/retry.ts", "./backoff.ts"],
    ["streams/bucket.ts", "../options.ts"],
    ["streams/bucket.ts", "../retry/retry.ts"],
    ["streams/bucket.ts", "./batcher.ts"],
    ["run/flow.ts", "../streams/source.ts"],
    ["run/flow.ts", "../runtime/timer.ts"],
    ["index.ts", "./etl/etl.ts"],
    ["index.ts", "./errors.ts"],
    ["adapters/sqlite/sink.ts", "../../pipeline/pipeline.ts"],
    ["adapters/sqlite/sink.ts", "./table.ts"],
    ["adapters/sqlite.ts", "./sqlite/sink.ts"],
    ["adapters/threads/pool.ts", "node:worker_threads"],
    ["cli/run/run-command.ts", "../../index.ts"],
    ["cli/run/run-command.ts", "../../adapters/report.ts"],
    ["cli/main.ts", "node:util"],
    ["cli.ts", "./cli/main.ts"],
  ])("let %s import %s", (path, target) => expect(mayImport(path, target)).toBe(true));

  it.each([
    ["errors.ts", "./streams/skip.ts"],
    ["runtime/timer.ts", "../errors.ts"],
    ["retry/retry.ts", "../checkpoints/checkpoint.ts"],
    ["checkpoints/checkpoint.ts", "../dead-letters/dead-letter.ts"],
    ["pipeline/guarantee.ts", "../run/run.ts"],
    ["telemetry/progress.ts", "../run/run.ts"],
    ["run/run.ts", "../manager/manager.ts"],
    ["manager/manager.ts", "../etl/etl.ts"],
    ["errors.ts", "./retry/retry.ts"],
    ["errors.ts", "./index.ts"],
    ["retry/retry.ts", "../streams/source.ts"],
    ["streams/bucket.ts", "../run/run.ts"],
    ["streams/bucket.ts", "../index.ts"],
    ["run/run.ts", "../index.ts"],
    ["run/run.ts", "../adapters/sqlite/sink.ts"],
    ["run/run.ts", "../other/run.ts"],
    ["index.ts", "./adapters/sqlite/sink.ts"],
    ["adapters/sqlite/sink.ts", "../postgres/sink.ts"],
    ["adapters/sqlite/sink.ts", "../../index.ts"],
    ["run/run.ts", "node:timers"],
    ["errors.ts", "node:util"],
    ["index.ts", "millrace"],
    ["streams/bucket.ts", "rxjs"],
    ["adapters/postgres/sink.ts", "pg"],
    ["adapters/sqlite/sink.ts", "bun:sqlite"],
    ["index.ts", "./cli/main.ts"],
    ["adapters/report.ts", "../cli/main.ts"],
    ["cli/main.ts", "pg"],
  ])("do not let %s import %s", (path, target) => expect(mayImport(path, target)).toBe(false));

  it.each([
    'import { a } from "./a.ts";',
    'import "./a.ts";',
    'import type { A } from "./a.ts";',
    'import {\n  a,\n  b,\n} from "./a.ts";',
    'export * from "./a.ts";',
    'const a = await import("./a.ts");',
    "const a = await import(\n  './a.ts'\n);",
    'type A = import("./a.ts").A;',
  ])("see the import of %j", (code) => expect(targetsOf(code)).toEqual(["./a.ts"]));

  it("see no import in a comment", () => {
    const code = codeOf('/**\n * import { a } from "a";\n */\n// import "b";\nf(); // from "c"\n');
    expect(targetsOf(code)).toEqual([]);
  });

  it.each([
    "let count = 0;",
    "export let count = 0;",
    "var count = 0;",
    "const a = 1;\nlet b = 2;",
  ])("see what is mutable in %j", (code) => expect(code).toMatch(mutable));

  it.each(["const a = 1;", "function f() {\n  let b = 2;\n}", "letter();"])(
    "see nothing mutable in %j",
    (code) => expect(code).not.toMatch(mutable),
  );

  it.each(["process.env", "Buffer.from(x)", "Deno.cwd()", "globalThis.Bun", "require(x)"])(
    "see the host in %j",
    (code) => expect(code).toMatch(hostNames),
  );

  it.each(["pipeline.preProcess()", "ArrayBuffer", "reorderBuffer", "bunch"])(
    "see no host in %j",
    (code) => expect(code).not.toMatch(hostNames),
  );

  it.each([
    '"Bun" in globalThis',
    '"process" in globalThis',
    'userAgent === "Cloudflare-Workers"',
    "globalThis as { process?: Host }",
    "const { navigator } = globalThis",
  ])("see the question for the runtime in %j", (code) => expect(code).toMatch(detection));

  it.each(["utils/a.ts", "streams/utils.ts", "helper.ts", "a/common/b.ts", "misc.ts"])(
    "see a drawer in %s",
    (path) => expect(path).toMatch(drawer),
  );
});
