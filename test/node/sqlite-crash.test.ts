import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runLoads } from "../support/runtimes/run-loads.ts";

const program = "test/node/programs/loads-into-sqlite.ts";
let folder = "";

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "millrace-crash-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const run = (when: string, commit: number) =>
  runLoads(program, join(folder, "crash.db"), when, commit);

/** How many rows there are, how many of them differ, and up to where the checkpoint is. */
function stored() {
  const db = new DatabaseSync(join(folder, "crash.db"));
  try {
    const [rows] = db.prepare("select count(*) as rows, count(distinct id) as ids from t").all();
    const [{ checkpoint }] = db.prepare("select checkpoint from millrace_checkpoint").all() as [
      { checkpoint: string | null },
    ];
    return { ...rows, offset: checkpoint === null ? 0 : JSON.parse(checkpoint).offset };
  } finally {
    db.close();
  }
}

describe("a process that is killed while it loads into SQLite", () => {
  it.each([
    ["before", 1, 0],
    ["after", 1, 7],
    ["before", 9, 56],
    ["after", 9, 63],
  ])("%s commit %i has each row once after the next run", (when, commit, done) => {
    expect(run(when, commit)).toMatchObject({ signal: "SIGKILL", stdout: "" });
    expect(stored()).toEqual({ rows: done, ids: done, offset: done });
    expect(run("never", 0)).toEqual({ signal: null, stdout: `${100 - done}`, stderr: "" });
    expect(stored()).toEqual({ rows: 100, ids: 100, offset: 100 });
  }, 180_000);
});
