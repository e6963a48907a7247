import { setTimeout as wait } from "node:timers/promises";
import type { CrashDatabase, Stored } from "./database.ts";
import type { Job } from "./job.ts";
import { WriterProcess } from "./writer-process.ts";

/** What came of many crashes. */
export interface Tally {
  kills: number;
  /** Rows that were there twice, at any crash. */
  duplicates: number;
  /** Rows that were recorded as loaded and not there, or there and not recorded. */
  losses: number;
}

/**
 * Runs a job until it completes; each writer but the last is killed, most of them 5 to 150 ms after
 * their first commit, some before it. After each kill the rows have to be those of the checkpoint.
 * @param most So many writers are killed at most; then one goes on to the end.
 */
export async function crashUntilDone(
  database: CrashDatabase,
  job: Job,
  random: () => number,
  tally: Tally,
  most = Infinity,
): Promise<void> {
  for (let life = 0;; life++) {
    const isLast = tally.kills >= most;
    const own = { seed: Math.floor(random() * 2 ** 31), ...isLast && { restAfter: undefined } };
    const writer = new WriterProcess({ ...job, ...own }, life);
    if (isLast) await writer.ended;
    else if (random() < 0.1) await Promise.race([wait(random() * 300), writer.ended]);
    else await writer.began.then(() => Promise.race([wait(5 + random() * 145), writer.ended]));
    writer.kill();
    const { code, signal, stderr } = await writer.ended;
    // A renewal of the one that was killed may reach a server late: it then seems to live.
    const isRefused = stderr.includes("FencedError");
    if (signal !== "SIGKILL" && code !== 0 && !isRefused) {
      throw new Error(`A writer failed: ${stderr}`);
    }
    check(await database.read(), tally);
    if (code === 0) return;
    if (signal === "SIGKILL") tally.kills++;
  }
}

/** Counts what is not as it should be. */
export function check({ rows, numbers, sum, checkpoint, faults = 0 }: Stored, tally: Tally): void {
  const { offset = 0, done = [] } = checkpoint ?? {};
  let [count, expected] = [0, 0];
  for (const [from, to] of [[0, offset] as const, ...done]) {
    count += to - from;
    expected += (to - from) * (from + to - 1) / 2;
  }
  tally.duplicates += rows - numbers;
  tally.losses += Math.abs(numbers - count) || Number(numbers === rows && sum !== expected);
  tally.losses += faults;
}

/** Whether a database holds all rows of a job once, and its checkpoint says so. */
export function isComplete({ rows, numbers, sum, checkpoint }: Stored, wanted: number): boolean {
  return rows === wanted && numbers === wanted && sum === wanted * (wanted - 1) / 2 &&
    checkpoint?.offset === wanted && checkpoint.done.length === 0 && checkpoint.position === wanted;
}
