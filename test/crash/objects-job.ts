import { setTimeout as wait } from "node:timers/promises";
import {
  folderStore,
  type Manifest,
  type ObjectStore,
  s3Store,
} from "../../src/adapters/object.ts";
import { KeptFolder } from "../../src/adapters/object/kept-folder.ts";
import { rangesOf } from "../../src/checkpoints/checkpoint.ts";
import { FaultyS3 } from "./faulty-s3.ts";
import { WriterProcess } from "./writer-process.ts";

/** What a writer of objects is to do. */
export interface ObjectsJob {
  /** Where the bucket is, or which folder it is. */
  readonly url: string;
  readonly rows: number;
  readonly batchSize: number;
  readonly workers: number;
}

/** What rows are written, and how often their writer is killed. */
export interface ObjectsCrash {
  readonly rows: number;
  readonly kills: number;
  /** Longest time that the server waits before a request takes effect, in milliseconds. */
  readonly delay: number;
  /** Runtimes that take turns: one is Node alone. */
  readonly runtimes: number;
  readonly random: () => number;
  /** The folder to write into; a bucket of S3 where there is none. */
  readonly folder?: string;
}

/** What came of it. */
export interface ObjectsEnd {
  readonly kills: number;
  /** Requests that failed. */
  readonly faults: number;
  readonly parts: number;
  /** Rows that were finished and not there, or there and not finished: after any kill, or in the end. */
  readonly lost: number;
  /** Rows that were there twice. */
  readonly duplicates: number;
  /** Objects that neither count nor are kept by the sink for itself. */
  readonly leftOpen: number;
}

/** The rows that a writer skips. */
export const isSkipped = (id: number): boolean => id % 41 === 7;

/** Writes rows until all are there, and kills the writer so often before, each at some instant. */
export async function crashObjects(crash: ObjectsCrash): Promise<ObjectsEnd> {
  const { rows, random, delay, folder } = crash;
  const server = new FaultyS3({ random, delay });
  const url = folder ?? await server.open();
  const store = folder === undefined
    ? s3Store("https://s3.example/bucket", { fetch: server.s3.fetch })
    : folderStore(folder);
  const tally = { kills: 0, lost: 0, duplicates: 0 };
  try {
    for (let life = 0;; life++) {
      const batchSize = 10 + Math.floor(random() * 90);
      const job: ObjectsJob = { url, rows, batchSize, workers: 1 + Math.floor(random() * 4) };
      const writer = new WriterProcess(job, life % crash.runtimes, "test/crash/objects-writer.ts");
      const isLast = tally.kills >= crash.kills;
      if (!isLast) {
        if (random() < 0.9) await writer.began;
        await Promise.race([wait(random() * 200), writer.ended]);
        writer.kill();
      }
      const { code, signal, stderr } = await writer.ended;
      // A renewal of the one that was killed may come late: it then seems to live.
      const isRefused = stderr.includes("FencedError");
      if (code !== 0 && signal !== "SIGKILL" && !isRefused) {
        throw new Error(`A writer failed: ${stderr}`);
      }
      if (signal === "SIGKILL") tally.kills++;
      const { lost, duplicates } = await countIn(store);
      tally.lost += lost;
      tally.duplicates += duplicates;
      if (isLast && code === 0) {
        return { ...tally, faults: server.faults, ...await endOf(store, rows) };
      }
      if (code === 0) await empty(store); // There is more to kill.
    }
  } finally {
    if (folder === undefined) await server.settle().finally(() => server.close());
  }
}

async function empty(store: ObjectStore): Promise<void> {
  for await (const { key } of store.list("rows/")) await store.delete(key);
}

/** Compares the parts that count with what is finished. */
async function countIn(store: ObjectStore): Promise<{ lost: number; duplicates: number }> {
  const { mark, parts } = await new KeptFolder(store, "rows", "rows/").look();
  const ids = await idsOf(store, [...parts.keys()]);
  const there = new Set(ids);
  let lost = 0;
  let finished = 0;
  for (const [from, to] of mark.checkpoint === undefined ? [] : rangesOf(mark.checkpoint)) {
    for (let id = from; id < to; id++) {
      if (isSkipped(id)) continue;
      finished++;
      if (!there.has(id)) lost++;
    }
  }
  return {
    lost: lost + Math.abs(there.size - finished + lost),
    duplicates: ids.length - there.size,
  };
}

async function endOf(store: ObjectStore, rows: number) {
  const manifest = await new Response((await store.get("rows/manifest.json"))!.body as BodyInit)
    .json() as Manifest;
  const names = manifest.parts.map(({ name }) => name);
  const ids = await idsOf(store, names);
  const wanted = Array.from({ length: rows }, (_, id) => id).filter((id) => !isSkipped(id));
  const isWhole = JSON.stringify(ids.sort((a, b) => a - b)) === JSON.stringify(wanted);
  if (!isWhole || manifest.rows !== wanted.length) {
    throw new Error(`The manifest has ${ids.length} rows of ${wanted.length}`);
  }
  const keys = await Array.fromAsync(
    store.list("rows/part-"),
    ({ key }) => key.slice("rows/".length),
  );
  return { parts: names.length, leftOpen: keys.filter((name) => !names.includes(name)).length };
}

async function idsOf(store: ObjectStore, names: readonly string[]): Promise<number[]> {
  const ids: number[] = [];
  for (const name of names) {
    const found = await store.get(`rows/${name}`);
    const text = await new Response(found!.body as BodyInit).text();
    for (const line of text.split("\n")) if (line !== "") ids.push(Number(JSON.parse(line)));
  }
  return ids;
}
