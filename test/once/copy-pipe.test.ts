import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { bun, deno, nodeOf } from "../../scripts/runtimes.mjs";

const runtimes: readonly (readonly [string, string | undefined, readonly string[]])[] = [
  ["Node", nodeOf(24), ["--disable-warning=ExperimentalWarning"]],
  ["Deno", deno, ["run", "-A", "--no-lock", "--quiet", `--config=${resolve("deno.json")}`]],
  ["Bun", bun, []],
];
const folder = mkdtempSync(join(tmpdir(), "copy-pipe-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("copy in a pipe", () => {
  const installed = runtimes.filter(([, executable]) => executable !== undefined);

  it.each(installed)("reads standard input and writes standard output: %s", async (...given) => {
    const [name, executable, flags] = given;
    const copy = (input: string, ...args: string[]) =>
      endOf(executable!, [...flags, resolve("src/cli.ts"), "copy", ...args], input);
    const table = `${name}.db#t`;
    const into = ["-", table, "--from-format", "csv", "--create", "--key", "piped"];
    const first = await copy("id,name\n1,Ada\n2,\n", ...into);
    expect(first).toMatchObject({ code: 0, err: "" });
    expect((await copy("id,name\n1,Ada\n2,\n3,Eve\n", ...into)).out.toString())
      .toContain(`Copied 1 row from - to ${table}`);
    const { code, out, err } = await copy("", table, "-", "--to-format", "ndjson.gz");
    expect([code, gunzipSync(out).toString()]).toEqual([
      0,
      '{"id":"1","name":"Ada"}\n{"id":"2","name":null}\n{"id":"3","name":"Eve"}\n',
    ]);
    expect(err).toMatch(/^Copied 3 rows from .+ to - in /);
  }, 180_000);
});

interface End {
  readonly code: number | null;
  readonly out: Buffer;
  readonly err: string;
}

function endOf(executable: string, args: readonly string[], input: string): Promise<End> {
  const child = spawn(resolve(executable), args, { cwd: folder, timeout: 150_000 });
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let err = "";
    child.stdout.on("data", (bytes: Buffer) => void chunks.push(bytes));
    child.stderr.on("data", (bytes) => void (err += bytes));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out: Buffer.concat(chunks), err }));
  });
}
