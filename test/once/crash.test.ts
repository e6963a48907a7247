import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { crashUntilDone } from "../crash/crash.ts";
import { type CrashDatabase, sqliteFile } from "../crash/database.ts";
import { growingFile, growingPostgres } from "../crash/growth.ts";
import { type Job, jobOf } from "../crash/job.ts";
import { postgresDatabase } from "../crash/postgres-database.ts";
import { randomOf } from "../crash/random.ts";
import { freeze, killWaiting, runTwo } from "../crash/rivals.ts";
import { WriterProcess } from "../crash/writer-process.ts";
import { type PostgresServer, startPostgres } from "../support/postgres/server.ts";

const seed = 1;
const LONGEST = 180_000; // ms
/** A slow machine gets less done between two kills: without a bound, a test might take any time. */
const MOST_KILLS = 12;

/** What a database holds of a job that is complete. */
function completeOf(rows: number): object {
  const checkpoint = { offset: rows, done: [], position: rows };
  return { rows, numbers: rows, sum: rows * (rows - 1) / 2, checkpoint };
}

/** What every database has to get through, whatever is killed. */
function survives(
  where: () => Pick<Job, "store" | "at">,
  open: () => CrashDatabase,
  turns: readonly number[],
): void {
  const make = (turn: number, time: number, more: Partial<Job> = {}): Job => ({
    ...jobOf(where(), turn, time, randomOf(seed + turn)),
    ...more,
  });

  it.each(turns)("has each row once after any kill (%i)", async (turn) => {
    const database = open();
    await database.clear();
    const tally = { kills: 0, duplicates: 0, losses: 0 };
    const job = make(turn, 1300, { restAfter: 2000 }); // Of 20 000 rows: six kills leave some.
    await crashUntilDone(database, job, randomOf(seed + turn), tally, MOST_KILLS);
    expect(tally).toEqual({ kills: expect.any(Number), duplicates: 0, losses: 0 });
    expect(tally.kills).toBeGreaterThan(5);
    expect(await database.read()).toMatchObject(completeOf(job.rows));
  }, LONGEST);

  it("has each row once after a second run of the same pipeline at once", async () => {
    const database = open();
    await database.clear();
    const job = make(1, 600, { lease: 300 });
    const ends = await runTwo(job);
    expect(ends.map(({ code }) => code)).toContain(0);
    const [failed] = ends.filter(({ code }) => code !== 0);
    if (failed !== undefined) expect(JSON.parse(failed.stderr)).toMatchObject(fenced);
    expect(await database.read()).toMatchObject(completeOf(job.rows));
  }, LONGEST);

  it("has each row once after a writer is killed that waits for a lock", async () => {
    const database = open();
    await database.clear();
    const job = make(1, 600);
    await killWaiting(database, job);
    expect(await new WriterProcess(job, 1).ended).toMatchObject({ code: 0, stderr: "" });
    expect(await database.read()).toMatchObject(completeOf(job.rows));
  }, LONGEST);

  it("has each row once after a writer was suspended, and another has taken over", async () => {
    const database = open();
    await database.clear();
    const job = make(1, 600);
    const [frozen, other] = await freeze(database, job);
    expect(other).toMatchObject({ code: 0, stderr: "" });
    if (frozen!.code !== 0) expect(JSON.parse(frozen!.stderr)).toMatchObject(fenced);
    expect(await database.read()).toMatchObject(completeOf(job.rows));
    const last = await new WriterProcess(job, 2).ended;
    expect(last).toMatchObject({ code: 0, stdout: "loaded 0, retries 0\n" });
    expect(await database.read()).toMatchObject(completeOf(job.rows));
  }, LONGEST);
}

/** Three kills leave some rows. */
const growing = { rows: 3000, workers: 2, growth: 100, restAfter: 700 };

/** Kills a job of two workers that adds columns to two tables three times, and has it completed. */
async function growsOnce(where: Pick<Job, "store" | "at">, open: typeof growingFile) {
  const job = { ...jobOf(where, 0, 5000, randomOf(seed)), ...growing };
  const database = open(job.at, job.growth);
  try {
    await database.clear();
    const tally = { kills: 0, duplicates: 0, losses: 0 };
    await crashUntilDone(database, job, randomOf(seed), tally, 3);
    expect(tally).toEqual({ kills: 3, duplicates: 0, losses: 0 });
    expect(await database.read()).toMatchObject({ ...completeOf(job.rows), faults: 0 });
  } finally {
    await database.close();
  }
}

const fenced = { name: "PipelineError", stage: "checkpoints" };

describe("a file of SQLite", () => {
  let folder = "";
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "millrace-crash-"))));
  afterAll(() => rmSync(folder, { recursive: true }));

  const where = () => ({ store: "sqlite", at: join(folder, "crash.db") }) as const;
  survives(where, () => sqliteFile(where().at), [0, 1, 2]);

  it("has each column once, with its rows, after any kill", async () => {
    await growsOnce({ store: "sqlite", at: join(folder, "growing.db") }, growingFile);
  }, LONGEST);

  it("resumes where it was when its disk was full", async () => {
    const at = join(folder, "full.db");
    const database = sqliteFile(at);
    await database.clear();
    const job = { ...jobOf(where(), 0, 100, randomOf(seed)), at };
    const { code, stderr } = await new WriterProcess({ ...job, maxPages: 40 }).ended;
    expect(code).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({
      stage: "load",
      cause: expect.stringMatching(/database or disk is full/),
    });
    const { rows, numbers, checkpoint } = await database.read();
    expect(rows).toBeGreaterThan(100);
    expect([numbers, checkpoint!.offset]).toEqual([rows, rows]);
    expect(await new WriterProcess(job, 1).ended).toMatchObject({
      code: 0,
      stdout: `began\nloaded ${job.rows - rows}, retries 0\n`,
    });
    expect(await database.read()).toMatchObject(completeOf(job.rows));
  }, LONGEST);
});

describe("PostgreSQL", () => {
  let server: PostgresServer;
  let database: ReturnType<typeof postgresDatabase>;
  beforeAll(async () => {
    server = await startPostgres();
    database = postgresDatabase(server.url);
  }, LONGEST);
  afterAll(async () => {
    await database?.close();
    await server?.stop();
  }, LONGEST);

  it("has each column once, with its rows, after any kill", async () => {
    await growsOnce({ store: "pg", at: server.url }, growingPostgres);
  }, LONGEST);

  describe.each(["pg", "postgres"] as const)("through %s", (store) => {
    const where = () => ({ store, at: server.url });
    survives(where, () => database, store === "pg" ? [1] : [2]);

    /** Runs a job with retries, and does something to it again and again while it runs. */
    async function disturb(act: () => Promise<void>, times: number, most = 5): Promise<void> {
      await database.clear();
      const job = { ...jobOf(where(), 1, 1500, randomOf(seed)), lease: 3000, isRetrying: true };
      const disturbed = new WriterProcess(job);
      await disturbed.began;
      for (let time = 0; time < times; time++) {
        await act();
        await wait(150);
      }
      // A client that loses a connection while it opens it may take the process with it.
      const { code, stdout } = await disturbed.ended;
      if (code !== 0) {
        expect(await new WriterProcess(job, 1).ended).toMatchObject({ code: 0, stderr: "" });
      }
      expect(await database.read()).toMatchObject(completeOf(job.rows));
      if (code !== 0 || /retries [1-9]/.test(stdout)) return;
      expect(most, "runs that were over before they were disturbed").toBeGreaterThan(1);
      await disturb(act, times, most - 1); // This test was held up, and the run was not.
    }

    it("loses nothing when the server is killed and restarted", async () => {
      await disturb(() => server.crash(), 2);
    }, LONGEST);

    it("loses nothing when connections are dropped", async () => {
      await disturb(() => database.terminate(), 5);
    }, LONGEST);
  });
});
