import { CheckpointError, propertyOf } from "../../errors.ts";
import { fail, nonEmptyString } from "../../options.ts";
import {
  type Checkpoint,
  type CheckpointStore,
  type Claim,
  decodeCheckpoint,
  encodeCheckpoint,
} from "../../checkpoints/checkpoint.ts";
import { planWrite } from "../../checkpoints/plan-commit.ts";
import { whileLocked } from "./file-lock.ts";
import { type FileSystem, hostFiles, ifExists } from "./file-system.ts";

/**
 * Keeps each checkpoint in a JSON file of its own: on Node, Deno and Bun, for any number of
 * processes that share the directory. The directory is made when it is needed.
 *
 * A file is replaced as a whole and reaches the disk before `write` resolves, so that a crash or a
 * power cut leaves the old checkpoint or the new one. Only a process that is frozen for more than
 * five seconds just while it replaces a file may undo what another one has written. A file is named
 * by the letters and digits of its key and a hash of it; to begin a pipeline anew, remove its file
 * while no run is going on.
 *
 * The mark of a load is written after the load, so what a crash falls between is loaded again. A
 * sink that commits both at once, such as `sqliteSink`, loads every item exactly once.
 *
 * @example What one process has written, the next one reads
 * ```ts
 * import { FileCheckpointStore } from "millrace/file";
 * import { deepEqual } from "node:assert/strict";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 *
 * const directory = mkdtempSync(join(tmpdir(), "checkpoints-"));
 * const checkpoint = { offset: 500, done: [], position: "2026-11-22", updatedAt: Date.now() };
 * await new FileCheckpointStore(directory).write("users", checkpoint);
 * deepEqual(await new FileCheckpointStore(directory).read("users"), checkpoint);
 * ```
 */
export class FileCheckpointStore implements CheckpointStore {
  readonly #directory: string;

  /**
   * Makes a store that has read and written nothing yet.
   * @throws {ConfigurationError} If `directory` is no path.
   */
  constructor(directory: string) {
    if (!nonEmptyString.test(directory)) {
      fail("construct FileCheckpointStore", "directory", nonEmptyString.expected, directory);
    }
    this.#directory = directory;
  }

  /**
   * The checkpoint of a key, if there is one.
   * @throws {CheckpointError} If the file is none of this key: a run must not begin from zero then.
   */
  async read(key: string): Promise<Checkpoint | undefined> {
    const { promises } = await hostFiles();
    const path = await this.#pathOf(key);
    let text: string;
    try {
      text = await promises.readFile(`${path}.json`, "utf8");
    } catch (error) {
      if (propertyOf(error, "code") === "ENOENT") return undefined;
      throw error;
    }
    return checkpointIn(key, text);
  }

  /**
   * Keeps the checkpoint of a key. It is on the disk when the promise resolves.
   * @throws {FencedError} If the key is claimed by another run than `checkpoint.runId`, or another
   * one has finished what the checkpoint lacks.
   * @throws {ConfigurationError} If a position is not what JSON can hold.
   */
  async write(key: string, checkpoint: Checkpoint): Promise<void> {
    const keyed: Checkpoint & Keyed = { key, ...checkpoint };
    const text = `${encodeCheckpoint(keyed)}\n`;
    const files = await hostFiles();
    const path = await this.#prepare(files, key);
    const temporary = temporaryOf(path);
    try {
      await writeThrough(files, temporary, text);
      await whileLocked(files, `${path}.lock`, () => {
        const owner = claimOf(files, path)?.runId;
        planWrite(key, checkpoint, { owner, stored: () => checkpointOf(files, key, path) });
        files.renameSync(temporary, `${path}.json`);
      });
    } catch (error) {
      await files.promises.unlink(temporary).catch(() => {}); // What failed first is told.
      throw error;
    }
    await syncDirectory(files, this.#directory);
  }

  /**
   * Claims a key for a run, or renews its claim, and gives the claim that holds. Another run gets in
   * where the `until` of the owner is not above `now`.
   */
  async claim(key: string, claim: Claim, now: number): Promise<Claim> {
    const files = await hostFiles();
    const path = await this.#prepare(files, key);
    return await whileLocked(files, `${path}.lock`, () => {
      const holder = claimOf(files, path);
      if (holder !== undefined && holder.runId !== claim.runId && holder.until > now) return holder;
      const { runId, until, lease } = claim;
      const own = { runId, until, ...(lease !== undefined && { lease }) };
      // Not brought to the disk: after a power cut no run is left that could own a key.
      const temporary = temporaryOf(path);
      files.writeFileSync(temporary, JSON.stringify(own));
      files.renameSync(temporary, `${path}.claim`);
      return own;
    });
  }

  /** Ends the claim of a run, if it is the owner. */
  async release(key: string, runId: string): Promise<void> {
    const files = await hostFiles();
    const path = await this.#prepare(files, key);
    await whileLocked(files, `${path}.lock`, () => {
      if (claimOf(files, path)?.runId === runId) files.unlinkSync(`${path}.claim`);
    });
  }

  async #prepare(files: FileSystem, key: string): Promise<string> {
    await files.promises.mkdir(this.#directory, { recursive: true });
    return await this.#pathOf(key);
  }

  /**
   * The path of what belongs to a key, without its ending. Any string may be a key, and file systems
   * differ in length, letter case, Unicode forms and reserved names: the hash tells keys apart, the
   * words are for people. JSON escapes lone surrogates, which UTF-8 would make all the same.
   */
  async #pathOf(key: string): Promise<string> {
    const bytes = new TextEncoder().encode(JSON.stringify(key));
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const hex = Array.from(hash.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0"));
    const words = key.slice(0, 200).toLowerCase().match(/[a-z0-9]+/g) ?? [];
    const name = [...words.join("-").slice(0, 60).split("-"), hex.join("")].filter(Boolean);
    return `${this.#directory}/${name.join("-")}`;
  }
}

/** A checkpoint in a file names its key, for people and against files that were mixed up. */
interface Keyed {
  readonly key: string;
}

/** A name that no other write has, in the same directory: a file moves atomically only within one. */
function temporaryOf(path: string): string {
  return `${path}.${crypto.getRandomValues(new Uint32Array(3)).join("-")}.tmp`;
}

/** The checkpoint of a key, in one step. */
function checkpointOf(files: FileSystem, key: string, path: string): Checkpoint | undefined {
  const text = ifExists(() => files.readFileSync(`${path}.json`, "utf8"));
  return text === undefined ? undefined : checkpointIn(key, text);
}

/** The checkpoint in the text of a file, which has to be that of the key. */
function checkpointIn(key: string, text: string): Checkpoint {
  const { key: found, ...checkpoint } = decodeCheckpoint(key, text) as Checkpoint & Keyed;
  if (found !== key) throw new CheckpointError(key, "the file belongs to another key");
  return checkpoint;
}

/** The claim on a key. A file that holds none is what a power cut left, and nobody's. */
function claimOf(files: FileSystem, path: string): Claim | undefined {
  const text = ifExists(() => files.readFileSync(`${path}.claim`, "utf8"));
  if (text === undefined) return undefined;
  try {
    const { runId, until, lease } = Object(JSON.parse(text)) as { [K in keyof Claim]?: unknown };
    if (typeof runId !== "string") return undefined;
    return { runId, until: timeOf(until), ...(lease !== undefined && { lease: timeOf(lease) }) };
  } catch {
    return undefined; // It is claimed anew.
  }
}

/** JSON has no Infinity, and makes it null. */
function timeOf(value: unknown): number {
  return typeof value === "number" ? value : Infinity;
}

async function writeThrough(files: FileSystem, path: string, text: string): Promise<void> {
  const file = await files.promises.open(path, "wx");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Brings the new name of a file to the disk, where directories can be opened: not on Windows. */
async function syncDirectory(files: FileSystem, path: string): Promise<void> {
  try {
    const directory = await files.promises.open(path, "r");
    await directory.sync().finally(() => directory.close());
  } catch {
    // The file itself is whole either way.
  }
}
