import { setTimeout as wait } from "node:timers/promises";
import type { CrashDatabase } from "./database.ts";
import type { Job } from "./job.ts";
import { type WriterEnd, WriterProcess } from "./writer-process.ts";

/** Starts two writers at once, and gives what became of them. */
export function runTwo(job: Job): Promise<WriterEnd[]> {
  const writers = [0, 1].map((turn) => new WriterProcess({ ...job, seed: turn }, turn));
  return Promise.all(writers.map(({ ended }) => ended));
}

/** Kills a writer that waits for a lock which somebody else holds. */
export async function killWaiting(database: CrashDatabase, job: Job): Promise<void> {
  const writer = new WriterProcess(job);
  await writer.began;
  const unlock = await lock(database);
  await wait(100); // By then it waits.
  writer.kill();
  await writer.ended;
  await unlock();
}

/** Freezes a writer until another one has completed; gives what became of both. */
export async function freeze(database: CrashDatabase, job: Job): Promise<WriterEnd[]> {
  const frozen = new WriterProcess(job);
  await frozen.began;
  frozen.kill("SIGSTOP");
  for (;;) {
    await wait(50); // What it has sent to a server arrives, and may take a lock there.
    const unlock = await database.lock();
    await unlock?.();
    if (unlock !== undefined) break;
    frozen.kill("SIGCONT"); // It was within a transaction, which keeps all others out.
    await wait(2);
    frozen.kill("SIGSTOP");
  }
  let other = await new WriterProcess(job, 1).ended;
  // A renewal of the frozen one may have reached the server late: it then seemed to live.
  if (other.code !== 0) other = await new WriterProcess(job, 1).ended;
  frozen.kill("SIGCONT");
  return [await frozen.ended, other];
}

async function lock(database: CrashDatabase): Promise<() => Promise<void>> {
  for (;;) {
    const unlock = await database.lock();
    if (unlock !== undefined) return unlock;
    await wait(1);
  }
}
