import { DuckDBInstance } from "@duckdb/node-api";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runLoads } from "../support/runtimes/run-loads.ts";

const program = "test/node/programs/loads-into-duckdb.ts";
let folder = "";

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "millrace-crash-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const run = (when: string, commit: number) =>
  runLoads(program, join(folder, "crash.db"), when, commit);

/** How many rows there are, how many of them differ and have their parts, and where the checkpoint is. */
async function stored() {
  const instance = await DuckDBInstance.create(join(folder, "crash.db"));
  const connection = await instance.connect();
  try {
    const sql = `select count(*)::integer, count(distinct id)::integer,
      (select count(distinct (t_id, n))::integer from part), (select count(*)::integer from part),
      (select checkpoint from millrace_checkpoint) from t`;
    const [[rows, ids, parts, all, checkpoint] = []] = await (await connection.run(sql)).getRows();
    expect([parts, all]).toEqual([Number(rows) * 2, Number(rows) * 2]);
    return { rows, ids, offset: checkpoint === null ? 0 : JSON.parse(String(checkpoint)).offset };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

describe("a process that is killed while it loads into DuckDB", () => {
  it.each([
    ["before", 1],
    ["after", 1],
    ["before", 9],
    ["after", 9],
  ])("%s commit %i has each row once after the next run", async (when, commit) => {
    expect(run(when, commit)).toMatchObject({ signal: "SIGKILL", stdout: "" });
    const { rows, ids, offset } = await stored();
    expect(rows).toBe(ids);
    expect(rows).toBe(7 * (when === "before" ? commit - 1 : commit));
    expect(offset).toBeLessThanOrEqual(Number(rows)); // Batches may be marked in any order.
    expect(run("never", 0)).toEqual({ signal: null, stdout: `${100 - Number(rows)}`, stderr: "" });
    expect(await stored()).toEqual({ rows: 100, ids: 100, offset: 100 });
  }, 180_000);
});
