import { existsSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { FaultyService, type ServiceTally } from "./faulty-service.ts";
import { WriterProcess } from "./writer-process.ts";

/** What one who posts is to do. */
export interface PostsJob {
  /** Where the service is. */
  readonly url: string;
  /** A folder for the checkpoints; beside it is a file of letters. */
  readonly at: string;
  /** Rows, with the ids from 0 on. */
  readonly rows: number;
  readonly batchSize: number;
  /** Longest time of a request in milliseconds. */
  readonly attemptTimeout: number;
  /** Once it has posted so many rows it rests: so it is not over before it is killed. */
  readonly restAfter?: number;
}

/** What is posted, and how often those who do are killed. */
export interface PostsCrash extends Omit<PostsJob, "url" | "at"> {
  readonly kills: number;
  /** A post of more rows is too large for the service. */
  readonly maxRows: number;
  /** Runtimes that take turns: one is Node alone. */
  readonly runtimes: number;
  readonly random: () => number;
}

/** What came of it. */
export interface PostsEnd extends Omit<ServiceTally, "taken"> {
  readonly kills: number;
  /** Rows that were neither taken nor refused. */
  readonly lost: number;
  /** Rows that were taken twice. */
  readonly duplicates: number;
}

/** Every so many rows the service refuses one. */
const refused = 97;

/** Posts rows until all are taken or refused, and kills the writer so often before, at some instant. */
export async function crashPosts(at: string, crash: PostsCrash): Promise<PostsEnd> {
  const { rows, batchSize, attemptTimeout, maxRows, random } = crash;
  const service = new FaultyService({ maxRows, refused, seed: Math.floor(random() * 2 ** 31) });
  const job: PostsJob = { url: await service.open(), at, rows, batchSize, attemptTimeout };
  let kills = 0;
  try {
    for (let life = 0;; life++) {
      const restAfter = kills < crash.kills ? rows / (crash.kills + 1) : undefined;
      const program = "test/crash/posts-writer.ts";
      const writer = new WriterProcess({ ...job, restAfter }, life % crash.runtimes, program);
      if (kills < crash.kills) {
        await writer.began;
        await Promise.race([wait(random() * 100), writer.ended]);
        writer.kill();
      }
      const { code, signal, stderr } = await writer.ended;
      if (code !== 0 && signal !== "SIGKILL") throw new Error(`A writer failed: ${stderr}`);
      if (code === 0) break;
      kills++;
    }
  } finally {
    await service.close();
  }
  const { taken, ...tally } = service.tally;
  const ids = new Set(taken);
  const duplicates = taken.length - ids.size;
  for (const id of lettersAt(at)) ids.add(id);
  return { ...tally, kills, lost: rows - ids.size, duplicates };
}

function lettersAt(at: string): number[] {
  const path = `${at}.letters`;
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean).map(Number) : [];
}
