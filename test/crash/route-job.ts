import { existsSync, readFileSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { WriterProcess } from "./writer-process.ts";

/** What one who routes is to do. */
export interface RouteJob {
  /** The beginning of the names of its files. */
  readonly at: string;
  /** Items of the source; every fifth one is left out, and of the others each becomes two rows. */
  readonly items: number;
  /** Where a run begins. */
  readonly resume: "skip" | "source";
  /** Once its file of lines has so many bytes it rests: so it is not over before it is killed. */
  readonly restAt?: number;
}

/** What came of it. */
export interface RouteEnd {
  readonly kills: number;
  /** Rows that a branch lacks. */
  readonly lost: number;
  /** Rows that are in the table twice. */
  readonly twice: number;
  /** Rows that are where they do not belong. */
  readonly strange: number;
  /** Lines that were written again. */
  readonly repeats: number;
}

/** Routes until all is loaded, and kills the writer so often before, each time some lines further. */
export async function crashRoute(job: RouteJob, kills: number): Promise<RouteEnd> {
  const db = new DatabaseSync(`${job.at}.db`);
  db.exec("pragma journal_mode = wal; create table t (id integer)");
  let killed = 0;
  for (;;) {
    const before = sizeOf(job);
    const more = 60 + 37 * killed; // Bytes: within a run, and not where the others were.
    const restAt = killed < kills ? before + 2 * more : undefined;
    const writer = new WriterProcess({ ...job, restAt }, 0, "test/crash/route-writer.ts");
    let isOver = false;
    const ended = writer.ended.finally(() => void (isOver = true));
    if (killed < kills) {
      while (!isOver && sizeOf(job) < before + more) await Promise.race([wait(1), ended]);
      writer.kill();
    }
    const { code, signal, stderr } = await ended;
    if (code !== 0 && signal !== "SIGKILL") throw new Error(`A writer failed: ${stderr}`);
    if (code === 0) break;
    killed++;
  }
  const table = db.prepare("select id from t order by id").all().map(({ id }) => Number(id));
  db.close();
  return { kills: killed, ...compare(job, table, linesOf(job)) };
}

function compare({ items }: RouteJob, table: number[], lines: number[]): Omit<RouteEnd, "kills"> {
  const read = Array.from({ length: items }, (_, n) => n).filter((n) => n % 5 > 0);
  const isLine = (id: number) => id % 2 === 1 && (id - 1) / 2 % 3 === 0;
  const wanted = read.flatMap((n) => [n * 2, n * 2 + 1]);
  const [inTable, inLines] = [new Set(table), new Set(lines)];
  const known = new Set(wanted);
  return {
    lost: wanted.filter((id) => !(isLine(id) ? inLines : inTable).has(id)).length,
    twice: table.length - inTable.size,
    strange: [...inTable].filter((id) => !known.has(id) || isLine(id)).length +
      [...inLines].filter((id) => !known.has(id) || !isLine(id)).length,
    repeats: lines.length - inLines.size,
  };
}

function sizeOf({ at }: RouteJob): number {
  return existsSync(`${at}.lines`) ? statSync(`${at}.lines`).size : 0;
}

function linesOf({ at }: RouteJob): number[] {
  return readFileSync(`${at}.lines`, "utf8").split("\n").filter(Boolean).map(Number);
}
