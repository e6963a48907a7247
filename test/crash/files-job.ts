import { existsSync, readFileSync, rmSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { WriterProcess } from "./writer-process.ts";

/** What a writer of a file is to do. */
export interface FileJob {
  /** The file. */
  readonly at: string;
  readonly compress: "none" | "gzip";
  /** Numbers from 0 to be in it. */
  readonly rows: number;
  readonly batchSize: number;
  readonly workers: number;
}

/** What is written, and how often its writer is killed. */
export interface FilesCrash extends Pick<FileJob, "compress" | "rows"> {
  readonly kills: number;
  /** Runtimes that take turns: one is Node alone. */
  readonly runtimes: number;
  /** The lock of a writer that was killed while it held it is removed, else the next waits for it. */
  readonly unlocks: boolean;
  readonly random: () => number;
}

/** What came of it. */
export interface FilesEnd {
  readonly kills: number;
  /** Files that are whole. */
  readonly files: number;
  /** Numbers that a whole file lacks. */
  readonly lost: number;
  /** Numbers that were marked twice after a kill, or are in a whole file twice. */
  readonly duplicates: number;
}

/** Writes file after file, and kills the writer so often at some instant, then lets the last end. */
export async function crashFiles(at: string, crash: FilesCrash): Promise<FilesEnd> {
  const { compress, rows, random } = crash;
  let [kills, files, lost, duplicates] = [0, 0, 0, 0];
  for (let life = 0;; life++) {
    const [batchSize, workers] = [1 + Math.floor(random() * 20), 1 + Math.floor(random() * 4)];
    const job: FileJob = { at: `${at}-${files}`, compress, rows, batchSize, workers };
    const writer = new WriterProcess(job, life % crash.runtimes, "test/crash/files-writer.ts");
    if (kills < crash.kills) {
      await writer.began;
      await Promise.race([wait(random() * 200), writer.ended]);
      writer.kill();
    }
    const { code, signal, stderr } = await writer.ended;
    if (code !== 0 && signal !== "SIGKILL") throw new Error(`A writer failed: ${stderr}`);
    if (code === 0) {
      const numbers = numbersIn(readFileSync(job.at), compress);
      lost += rows - new Set(numbers).size;
      duplicates += twiceIn(numbers);
      files++;
      if (kills === crash.kills) return { kills, files, lost, duplicates };
    } else {
      kills++;
      duplicates += twiceIn(markedIn(job));
      if (crash.unlocks) rmSync(`${job.at}.mark.lock`, { force: true });
    }
  }
}

/** The numbers that the mark of a file counts; every one, or its end could not be read. */
function markedIn({ at, compress }: FileJob): number[] {
  const mark = `${at}.mark.json`;
  if (!existsSync(mark)) return [];
  const { bytes } = JSON.parse(readFileSync(mark, "utf8")) as { bytes: number };
  return bytes === 0 ? [] : numbersIn(readFileSync(at).subarray(0, bytes), compress, "]");
}

function numbersIn(bytes: Uint8Array, compress: FileJob["compress"], end = ""): number[] {
  const text = (compress === "gzip" ? gunzipSync(bytes) : bytes).toString() + end;
  return (JSON.parse(text) as { n: number }[]).map(({ n }) => n);
}

function twiceIn(numbers: readonly number[]): number {
  return numbers.length - new Set(numbers).size;
}
