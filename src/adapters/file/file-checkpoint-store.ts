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
import { type FileSystem, hostFiles, ifExists } from "../../bytes/file/file-system.ts";
import {
  claimFile,
  claimOf,
  fileNameOf,
  releaseFile,
  replaceFile,
} from "../../bytes/file/kept-file.ts";

/**
 * Keeps each checkpoint in its own JSON file, on Node, Deno and Bun, for any number of processes that
 * share the directory. The directory is created when needed.
 *
 * A file is replaced as a whole and is on the disk before `write` resolves, so a crash or a power cut
 * leaves either the old or the new checkpoint. Only a process that freezes for more than five seconds
 * exactly while it replaces a file may undo the write of another one. The file name consists of the
 * letters and digits of the key and a hash of the key. To restart a pipeline, delete its file while no
 * run is in progress.
 *
 * The mark of a load is written after the load, so after a crash in between, the load is repeated. A sink
 * that commits both at once, such as `sqliteSink`, loads every item exactly once.
 *
 * @example A checkpoint that one process writes and the next one reads
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
   * Creates a store, without any access to the disk.
   * @throws {ConfigurationError} If `directory` is not a path.
   */
  constructor(directory: string) {
    if (!nonEmptyString.test(directory)) {
      fail("construct FileCheckpointStore", "directory", nonEmptyString.expected, directory);
    }
    this.#directory = directory;
  }

  /**
   * Returns the checkpoint of a key, if there is one.
   * @throws {CheckpointError} If the file does not belong to this key: a run must not start from zero
   *   then.
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
   * Stores the checkpoint of a key. It is on the disk when the promise resolves.
   * @throws {FencedError} If a run other than `checkpoint.runId` claims the key, or has finished items
   *   that the checkpoint lacks.
   * @throws {ConfigurationError} If JSON cannot hold a position.
   */
  async write(key: string, checkpoint: Checkpoint): Promise<void> {
    const keyed: Checkpoint & Keyed = { key, ...checkpoint };
    const text = `${encodeCheckpoint(keyed)}\n`;
    const files = await hostFiles();
    const path = await this.#prepare(files, key);
    await replaceFile(files, path, text, () => {
      const owner = claimOf(files, path)?.runId;
      planWrite(key, checkpoint, { owner, stored: () => checkpointOf(files, key, path) });
    });
  }

  /**
   * Claims a key for a run, or renews its claim, and returns the claim in force. Another run gets the key
   * once the owner's `until` is not above `now`.
   */
  async claim(key: string, claim: Claim, now: number): Promise<Claim> {
    const files = await hostFiles();
    return await claimFile(files, await this.#prepare(files, key), claim, now);
  }

  /** Ends the claim of a run, if it owns the key. */
  async release(key: string, runId: string): Promise<void> {
    const files = await hostFiles();
    await releaseFile(files, await this.#prepare(files, key), runId);
  }

  async #prepare(files: FileSystem, key: string): Promise<string> {
    await files.promises.mkdir(this.#directory, { recursive: true });
    return await this.#pathOf(key);
  }

  async #pathOf(key: string): Promise<string> {
    return `${this.#directory}/${await fileNameOf(key)}`;
  }
}

/** A checkpoint in a file names its key, for people and against files that were mixed up. */
interface Keyed {
  readonly key: string;
}

/** The checkpoint of a key, in one step. */
function checkpointOf(files: FileSystem, key: string, path: string): Checkpoint | undefined {
  const text = ifExists(() => files.readFileSync(`${path}.json`, "utf8"));
  return text === undefined ? undefined : checkpointIn(key, text);
}

/** Returns the checkpoint in the text of a file, which must belong to the key. */
function checkpointIn(key: string, text: string): Checkpoint {
  const { key: found, ...checkpoint } = decodeCheckpoint(key, text) as Checkpoint & Keyed;
  if (found !== key) throw new CheckpointError(key, "the file belongs to another key");
  return checkpoint;
}
