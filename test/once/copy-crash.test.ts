import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { env } from "node:process";
import { gunzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bun, deno, nodeOf } from "../../scripts/runtimes.mjs";

const kills = Number(env["COPY_KILLS"] ?? 1);
const rows = 2000;

const runtimes: readonly (readonly [string, string | undefined, readonly string[]])[] = [
  ["Node", nodeOf(24), ["--disable-warning=ExperimentalWarning"]],
  ["Deno", deno, ["run", "-A", "--no-lock", "--quiet", `--config=${resolve("deno.json")}`]],
  ["Bun", bun, []],
];

interface End {
  readonly code: number | null;
  readonly text: string;
}

const lines = ["id,name\n", ...Array.from({ length: rows }, (_, id) => `${id},row ${id}\n`)];
let shown = 0;
/** Shows as many rows as are said, and then nothing more: so no copy is over before it is killed. */
const server = createServer((request, response) => {
  const headers = { etag: '"1"', "content-length": lines.join("").length };
  response.writeHead(200, { "content-type": "text/csv", ...headers });
  if (request.method === "HEAD") response.end();
  else if (shown < rows) response.write(lines.slice(0, shown + 1).join(""));
  else response.end(lines.join(""));
});
let url = "";
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/rows.csv`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "copy-crash-"))));
afterEach(() => rmSync(folder, { recursive: true }));

describe("a copy that is killed", () => {
  const installed = runtimes.filter(([, executable]) => executable !== undefined);
  const cases = installed.flatMap((runtime) => [
    [...runtime, "out.ndjson.gz"] as const,
    ...(runtime[0] === "Node" ? [[...runtime, "to.db#t"] as const] : []),
  ]);

  it.each(cases)("ends exactly when it is run again: on %s", async (...given) => {
    const [, executable, flags, to] = given;
    const create = to.includes("#") ? ["--create"] : [];
    const args = [...flags, resolve("src/cli.ts"), "copy", url, to];
    const more = [...create, "--types", "id=int", "--batch-size", "20"];
    let killed = 0;
    for (let turn = 0; turn < kills; turn++) {
      const before = countOf(to);
      shown = before + Math.floor((rows - before) / 2);
      const child = start(executable!, [...args, ...more]);
      const end = endOf(child);
      while (child.exitCode === null && countOf(to) < before + 100) await nextTurn();
      child.kill("SIGKILL");
      if ((await end).code === null) killed++;
    }
    expect(killed).toBe(kills);
    expect(countOf(to)).toBeLessThan(rows);
    shown = rows;
    const end = await endOf(start(executable!, [...args, ...more]));
    expect(end).toEqual({ code: 0, text: expect.stringContaining("were done before") });
    expect(idsOf(to)).toEqual(Array.from({ length: rows }, (_, id) => id));
  }, 180_000 + kills * 20_000);
});

function start(executable: string, args: readonly string[]): ChildProcess {
  return spawn(resolve(executable), args, { cwd: folder, timeout: 150_000, killSignal: "SIGKILL" });
}

function endOf(child: ChildProcess): Promise<End> {
  return new Promise((resolve, reject) => {
    let text = "";
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on("data", (bytes) => void (text += bytes));
    }
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, text }));
  });
}

/** Lets the process that is watched go on. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

/** How many rows are marked as copied. */
function countOf(to: string): number {
  try {
    if (to.includes("#")) return idsOf(to).length;
    const mark = JSON.parse(readFileSync(join(folder, `${to}.mark.json`), "utf8")) as object;
    return Number(/"offset":(\d+)/.exec(JSON.stringify(mark))?.[1] ?? 0);
  } catch {
    return 0; // Not written yet, or while it is.
  }
}

function idsOf(to: string): number[] {
  if (!to.includes("#")) {
    const lines = gunzipSync(readFileSync(join(folder, to))).toString().trim().split("\n");
    return lines.map((line) => (JSON.parse(line) as { id: number }).id);
  }
  const db = new DatabaseSync(join(folder, "to.db"), { timeout: 5000 } as object);
  try {
    return db.prepare("select id from t order by id").all().map(({ id }) => Number(id));
  } finally {
    db.close();
  }
}
