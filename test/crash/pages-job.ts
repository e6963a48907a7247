import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { type ApiTally, FaultyApi } from "./faulty-api.ts";
import { WriterProcess } from "./writer-process.ts";

/** What a writer of pages is to do. */
export interface PagesJob {
  /** Where the list is. */
  readonly url: string;
  /** A file of SQLite. */
  readonly at: string;
  /** Which process it is. */
  readonly life: string;
  readonly batchSize: number;
  readonly workers: number;
  /** What the list allows, in any time of `interval` milliseconds. */
  readonly limit: number;
  readonly interval: number;
  /** Longest time of a request in milliseconds. */
  readonly attemptTimeout: number;
  /** Once it has loaded so many rows it rests: so it is not over before it is killed. */
  readonly restAfter?: number;
}

/** What pages are loaded, and how often their writer is killed. */
export interface PagesCrash {
  readonly rows: number;
  readonly kills: number;
  readonly delay: number;
  readonly attemptTimeout: number;
  /** Runtimes that take turns: one is Node alone. */
  readonly runtimes: number;
  readonly random: () => number;
}

/** What came of it. */
export interface PagesEnd extends ApiTally {
  readonly kills: number;
  /** Rows of the beginning that are not there. */
  readonly lost: number;
  /** Rows that are there twice. */
  readonly duplicates: number;
}

const [limit, interval] = [10, 100];

/** Loads pages until all are there, and kills the writer so often before, each at some instant. */
export async function crashPages(at: string, crash: PagesCrash): Promise<PagesEnd> {
  const { rows, delay, attemptTimeout, random } = crash;
  const seed = Math.floor(random() * 2 ** 31);
  const api = new FaultyApi({ rows, pageSize: 100, limit, interval, delay, seed });
  const url = await api.open();
  begin(at);
  let kills = 0;
  try {
    for (let life = 0;; life++) {
      const batchSize = 1 + Math.floor(random() * 150);
      const workers = 1 + Math.floor(random() * 4);
      const job: PagesJob = {
        ...{ url, at, life: `${life}`, batchSize, workers, limit, interval, attemptTimeout },
        ...kills < crash.kills && { restAfter: rows / (crash.kills + 1) },
      };
      const writer = new WriterProcess(job, life % crash.runtimes, "test/crash/pages-writer.ts");
      if (kills < crash.kills) {
        await writer.began;
        await Promise.race([wait(random() * 100), writer.ended]);
        writer.kill();
      }
      const { code, signal, stderr } = await writer.ended;
      if (code !== 0 && signal !== "SIGKILL") throw new Error(`A writer failed: ${stderr}`);
      if (code === 0) return { ...api.tally, kills, ...countOf(at, rows) };
      kills++;
    }
  } finally {
    await api.close();
  }
}

function begin(at: string): void {
  const db = new DatabaseSync(at);
  db.exec("pragma journal_mode = wal; create table t (id integer)");
  db.close();
}

function countOf(at: string, rows: number): { lost: number; duplicates: number } {
  const db = new DatabaseSync(at);
  const sql = `select count(*) as all_rows, count(distinct id) as ids,
    count(distinct case when id <= ${rows} then id end) as first_rows from t`;
  const found = db.prepare(sql).get() as { all_rows: number; ids: number; first_rows: number };
  db.close();
  return { lost: rows - found.first_rows, duplicates: found.all_rows - found.ids };
}
