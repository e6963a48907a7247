import { execFile, execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const interrupt = "./test/support/terminal/interrupt.ts";

/** What runs the examples of a folder: the program, its arguments, and those that press Ctrl-C. */
const hosts = {
  node: { command: "node", program: process.execPath, args: [], pressed: ["--import", interrupt] },
  deno: {
    command: "deno run -A",
    program: join(root, "node_modules/.bin/deno"),
    args: ["run", "-A", "--no-lock"],
    pressed: ["--preload", interrupt],
  },
  bun: {
    command: "bun",
    program: join(root, "node_modules/.bin/bun"),
    args: [],
    pressed: ["--preload", interrupt],
  },
};
/** Those that begin with a database inside the process take seconds: one leg runs them. */
const slow = ["csv-to-postgres", "job-with-workers"];
const isOnce = process.env["TEST_ONCE"] === "1";
const onNode = [
  ...["api-to-sqlite", "http-upload-with-progress", "nested-to-tables", "queue-with-ack"],
  ...["resume-after-kill", "validate-with-zod", ...slow],
];
const names = ["etl-with-manager", "simple-bucket", "simple-etl", "threads"];
const examples = [
  ...(["node", "deno", "bun"] as const).flatMap((host) =>
    names.map((name) => ({ host, path: `examples/${host}/${name}.ts` }))
  ),
  ...onNode.map((name) => ({ host: "node", path: `examples/node/${name}.ts` }) as const),
];

/** Runs a program of the project to its end, whatever its exit code. */
async function run(program: string, args: readonly string[]) {
  const options = { cwd: root, timeout: 150_000, env: { ...process.env, NO_COLOR: "1" } };
  try {
    return { code: 0, ...await promisify(execFile)(program, args, options) };
  } catch (error) {
    const ended = error as { code: unknown; stdout?: string; stderr: string };
    if (ended.stdout === undefined || typeof ended.code !== "number") throw error;
    return { code: ended.code, stdout: ended.stdout, stderr: ended.stderr };
  }
}

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** The comment that an example begins with, line by line. */
function opening(path: string): string[] {
  const lines = read(path).split("\n");
  return lines.slice(0, lines.findIndex((line) => !line.startsWith("//")));
}

/** On Node and Bun the name of the package leads to its build, which has to be of these sources. */
function build(): void {
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  const changed = Math.max(...sources.map((path) => statSync(join(root, "src", path)).mtimeMs));
  const built = statSync(join(root, "dist/index.js"), { throwIfNoEntry: false });
  if (built !== undefined && built.mtimeMs >= changed) return;
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env["PATH"]}` };
  execFileSync("npm", ["run", "build"], { cwd: root, env, stdio: "pipe" });
}

describe("the programs in examples/", () => {
  beforeAll(build, 180_000);

  it("are all listed here", () => {
    const isExample = (path: string) => /^(node|deno|bun)\/.*\.ts$/.test(path);
    const found = readdirSync(join(root, "examples"), { recursive: true, encoding: "utf8" });
    const paths = found.map((path) => path.replaceAll("\\", "/")).filter(isExample);
    const known = [
      ...examples.map(({ path }) => path.slice("examples/".length)),
      "node/nats-job.ts", // Needs a server of NATS.
    ];
    expect(paths.sort()).toEqual(known.sort());
  });

  const quick = examples.filter(({ path }) => !slow.some((name) => path.includes(name)));
  it.each(isOnce ? examples : quick)(
    "$path prints what its first comment says",
    async ({ host, path }) => {
      const { command, program, args } = hosts[host];
      const [last, usage, blank, ...words] = opening(path).reverse();
      expect(words.length, "lines that say what it shows").toBeGreaterThan(0);
      for (const line of words) expect(line).toMatch(/^\/\/ \S/);
      expect(blank).toBe("//");
      expect(usage).toBe(`// Run: ${command} ${path}`);
      expect(last).toMatch(/^\/\/ Last line: \S/);
      const { code, stdout, stderr } = await run(program, [...args, path]);
      expect(code, stderr).toBe(0);
      expect(`// Last line: ${stdout.trimEnd().split("\n").at(-1)}`).toBe(last);
    },
    180_000,
  );

  it("are all in examples/README.md, and nothing else is", () => {
    const listed = [...read("examples/README.md").matchAll(/\]\(([^)]+\.ts)\)/g)];
    const files = readdirSync(join(root, "examples"), { recursive: true, encoding: "utf8" });
    const programs = files.map((path) => path.replaceAll("\\", "/"))
      .filter((path) => /^(node|deno|bun)\/.*\.ts$/.test(path) || path === "workers/index.ts");
    expect(listed.map(([, path]) => path).sort()).toEqual(programs.sort());
  });

  it.each(["node", "deno", "bun"] as const)("on %s stop at Ctrl-C", async (host) => {
    const { program, args, pressed } = hosts[host];
    const path = `examples/${host}/etl-with-manager.ts`;
    const { code, stdout, stderr } = await run(program, [...args, ...pressed, path]);
    expect(stderr).toMatch(/^\d of 5 pipelines completed: Ctrl-C$/m);
    expect(code, stderr).toBe(130);
    const lines = stdout.trimEnd().split("\n");
    const [, numbers, chores] = /^Loaded: numbers (\d+), .*, chores (\d+)\.$/.exec(lines.at(-1)!)!;
    expect(Number(numbers), "of 10 that take 100 ms").toBeLessThan(10);
    const printed = lines.filter((line) => line.startsWith("chores: "));
    expect(printed, "what was extracted is loaded").toHaveLength(Number(chores));
  });

  it("have no hand-written types, and at most 80 lines", () => {
    for (const file of readdirSync(join(root, "examples/workers"))) {
      const lines = read(`examples/workers/${file}`).split("\n");
      expect(lines.length - 1, file).toBeLessThanOrEqual(80);
    }
    for (const { path } of examples) {
      const source = read(path);
      expect(source.split("\n").length - 1, path).toBeLessThanOrEqual(80);
      if (path.includes("job-with-workers")) continue; // A job names its partitions and rows.
      expect(source, path).not.toMatch(/\b[A-Za-z]+<[A-Za-z]|: any\b/);
      expect(source, path).toContain('from "millrace"');
    }
  });

  it("compile with the type checker of Deno", async () => {
    const paths = examples.filter(({ host }) => host === "deno").map(({ path }) => path);
    const { code, stderr } = await run(hosts.deno.program, ["check", "--no-lock", ...paths]);
    expect(code, stderr).toBe(0);
  }, 180_000);
});
