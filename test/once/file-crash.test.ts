import * as hyparquet from "hyparquet";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { env, execPath } from "node:process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFiles } from "../../src/adapters/file.ts";
import { readParquet } from "../../src/adapters/parquet.ts";
import { rowsOf } from "../support/parquet/table.ts";
import { crashFiles } from "../crash/files-job.ts";
import { randomOf } from "../crash/random.ts";

const program = "test/node/programs/loads-into-file.ts";
let folder = "";

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "millrace-crash-"))));
afterEach(() => rmSync(folder, { recursive: true }));

function run(name: string, ...words: (string | number)[]) {
  const args = ["--disable-warning=ExperimentalWarning", "--experimental-strip-types", program];
  const given = [...args, join(folder, name), ...words.map(String)];
  const { signal, stdout } = spawnSync(execPath, given, { encoding: "utf8", timeout: 150_000 });
  return { signal, stdout: stdout.trim() };
}

describe("a process that is killed while it writes into a file", () => {
  it.each([
    ["half", "writeSync", 1],
    ["half", "writeSync", 8],
    ["after", "ftruncateSync", 1],
    ["before", "renameSync", 5],
    ["after", "renameSync", 9],
  ])("%s call of %s %i has each row once after the next run", (when, name, number) => {
    expect(run("rows.txt.gz", when, name, number)).toEqual({ signal: "SIGKILL", stdout: "" });
    // Else the next run waits five seconds for the lock of the one that is gone.
    rmSync(join(folder, "rows.txt.gz.mark.lock"), { force: true });
    expect(run("rows.txt.gz", "never").signal).toBe(null);
    const lines = gunzipSync(readFileSync(join(folder, "rows.txt.gz"))).toString().split("\n");
    expect(lines[0]).toBe("head");
    expect(lines.slice(-2)).toEqual(["tail", ""]);
    expect(lines.filter((line) => line === "--").length).toBe(14);
    const ids = lines.filter((line) => /^\d/.test(line)).map(Number).sort((a, b) => a - b);
    expect(ids).toEqual(Array.from({ length: 100 }, (_, id) => id));
  }, 180_000);

  it("has each row once after any kill", async () => {
    const kills = Number(env["FILE_KILLS"] ?? 2); // A process takes half a second.
    const end = await crashFiles(join(folder, "rows"), {
      ...{ compress: "gzip", rows: 100, kills, runtimes: 1, unlocks: true, random: randomOf(7) },
    });
    expect(end).toMatchObject({ kills, lost: 0, duplicates: 0 });
  }, 180_000);

  it("leaves a Parquet file that the next run makes whole", async () => {
    expect(run("rows.parquet", "half", "writeSync", 8)).toEqual({ signal: "SIGKILL", stdout: "" });
    rmSync(join(folder, "rows.parquet.mark.lock"), { force: true });
    expect(run("rows.parquet", "never").signal).toBe(null);
    const rows = await rowsOf(readParquet(openFiles(join(folder, "rows.parquet")), { hyparquet }));
    expect(rows.map(({ id }) => Number(id)).sort((a, b) => a - b))
      .toEqual(Array.from({ length: 100 }, (_, id) => id));
  }, 180_000);
});
