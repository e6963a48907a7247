import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import process, { env } from "node:process";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeOf } from "../../scripts/runtimes.mjs";
import { openRegistry } from "../support/runtimes/registry.ts";

const readme = readFileSync("README.md", "utf8");
const page = readFileSync("docs/getting-started.md", "utf8");
const [, orders = ""] = /^```js ignore\n([^]*?)^```$/m.exec(readme)!;
const [, installs = ""] = /^## Install\n\n```sh\n([^]*?)^```$/m.exec(readme)!;
const programs = [...page.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, program = ""]) => program);

const folder = mkdtempSync(join(tmpdir(), "newcomer-"));
const bins = [dirname(resolve(nodeOf(24)!)), resolve("node_modules/.bin"), env["PATH"]];
const inherited = Object.entries(env).filter(([name]) => !/^npm_|_proxy$/i.test(name));
const surroundings: NodeJS.ProcessEnv = {
  ...Object.fromEntries(inherited), // Without what an `npm run` around the tests has set.
  ...{ PATH: bins.join(":"), NODE_OPTIONS: "--disable-warning=ExperimentalWarning" },
  ...{ NO_COLOR: "1", NPM_CONFIG_AUDIT: "false", NPM_CONFIG_UPDATE_NOTIFIER: "false" },
  ...{ NPM_CONFIG_CACHE: join(folder, "npm"), DENO_DIR: join(folder, "deno-cache") },
  BUN_INSTALL_CACHE_DIR: join(folder, "bun-cache"),
};

/** Runs a command of a page, and gives what it prints. */
async function run(host: string, command: string): Promise<string> {
  const options = { cwd: join(folder, host), env: surroundings };
  return (await promisify(execFile)("sh", ["-c", command], options)).stdout;
}

/** The command that installs the package, and the one that runs a program, as the pages say. */
function commandsOf(host: string) {
  const tool = host === "node" ? "npm" : host;
  const install = installs.split("\n").find((line) => line.startsWith(`${tool} `))!;
  const [row = ""] = new RegExp(`^\\|.*\`${host} .*$`, "m").exec(page)!;
  expect(row, "the row of the page has the command of the README").toContain(
    `\`${install.split("#")[0]!.trim()}\``,
  );
  const [, start = ""] = new RegExp(`\`(${host} [^\`]*)program\\.mts\``).exec(row)!;
  return { install, start };
}

/** The ids of the orders in the database. No writer may be alive: it would not wait for a reader. */
function idsOf(host: string): unknown[] {
  const db = new DatabaseSync(join(folder, host, "shop.db"));
  try {
    db.exec("pragma busy_timeout = 30000"); // One that was killed may still hold its locks.
    return db.prepare("select id from orders order by id").all().map(({ id }) => id);
  } finally {
    db.close();
  }
}

/**
 * Starts the orders, and kills them once they have written into the database a few times. Where they
 * were over before, as the tests were held up, it starts with a new database.
 */
async function killOrders(host: string, start: string): Promise<void> {
  const file = join(folder, host, "shop.db");
  for (let trial = 0; trial < 5; trial++) {
    rmSync(file, { force: true });
    const killed = spawn("sh", ["-c", `${start}orders.mjs`], {
      ...{ cwd: join(folder, host), env: surroundings, detached: true },
      stdio: ["ignore", "ignore", "inherit"],
    });
    const gone = once(killed, "exit");
    const seen = new Set<number>(); // The first writes make its tables.
    while (seen.size < 12 && killed.exitCode === null && killed.signalCode === null) {
      const written = statSync(file, { throwIfNoEntry: false });
      if (written !== undefined) seen.add(written.mtimeMs);
      await wait(1);
    }
    if (killed.exitCode === null) process.kill(-killed.pid!, "SIGKILL"); // With all that it has started.
    await gone;
    if (killed.signalCode === "SIGKILL") return;
    expect(killed.exitCode, "the orders fail by themselves").toBe(0);
  }
  throw new Error("The orders were over before they could be killed, five times");
}

/** Without the line breaks and commas in which the consoles of the runtimes differ. */
function plain(printed: string): string {
  return printed.replaceAll(/\s+/g, "").replaceAll(/,(?=[}\]])/g, "");
}

describe("a newcomer", { timeout: 240_000 }, () => {
  let registry: Awaited<ReturnType<typeof openRegistry>>;
  beforeAll(async () => {
    registry = await openRegistry();
    surroundings["NPM_CONFIG_REGISTRY"] = registry.url;
  }, 120_000);
  afterAll(() => {
    registry?.close();
    rmSync(folder, { recursive: true });
  });

  it.concurrent.each(["node", "deno", "bun"])(
    "gets on %s from an empty folder to a table that survives kill -9",
    async (host) => {
      const { install, start } = commandsOf(host);
      mkdirSync(join(folder, host));
      if (host === "node") await run(host, "npm init -y");
      await run(host, install);

      writeFileSync(join(folder, host, "orders.mjs"), orders);
      await killOrders(host, start);
      const { length } = idsOf(host);
      const printed = await run(host, `${start}orders.mjs`);
      expect(printed).toBe(`${length} orders were there, ${500 - length} were added\n`);
      expect(idsOf(host)).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));

      expect(programs.length).toBeGreaterThan(1);
      for (const [index, program] of programs.entries()) {
        const promised = [...program.matchAll(/\/\/=> (.*)$/gm)].map(([, line]) => line);
        writeFileSync(join(folder, host, `program-${index}.mts`), program);
        expect(plain(await run(host, `${start}program-${index}.mts`))).toBe(
          plain(promised.join("")),
        );
      }
    },
  );

  it("starts the project in examples/start as its first comment says", async () => {
    cpSync("examples/start", join(folder, "node"), { recursive: true }); // What it needs is there.
    const [, command = "", last] = /^\/\/ Run: (.*)\n\/\/ Last line: (.*)$/m.exec(
      readFileSync("examples/start/orders.js", "utf8"),
    )!;
    expect((await run("node", command)).trimEnd().split("\n").at(-1)).toBe(last);
  });
});
