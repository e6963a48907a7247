import { fail } from "../../options.ts";
import type { PlacedBody } from "../row-encoder.ts";
import {
  blankCheckpoint,
  type Checkpoint,
  type CheckpointStore,
  type Claim,
} from "../../checkpoints/checkpoint.ts";
import { ClaimRegistry } from "../../checkpoints/claim-registry.ts";
import type { CommitMark } from "../../checkpoints/commit-mark.ts";
import {
  isMarkedIn,
  type KeptKey,
  planCommit,
  planUndo,
  planWrite,
  type WritePlan,
} from "../../checkpoints/plan-commit.ts";
import { setTimer } from "../../runtime/timer.ts";
import { whileLocked } from "./file-lock.ts";
import { type FileMark, keptIn, markIn, textOf, withKey } from "./file-mark.ts";
import { type FileSystem, hostFiles, ifExists } from "./file-system.ts";
import {
  claimFile,
  claimOf,
  directoryOf,
  fileNameOf,
  releaseFile,
  replaceFile,
} from "./kept-file.ts";

/** Puts a batch into the file. */
export interface Append {
  /** Beginning of the file if these are its first rows. */
  readonly head: string;
  /** Throws if no sink has written the file before, and it must not be overwritten. */
  checkNew(files: FileSystem): void;
  /**
   * Writes the batch at an offset after all marked bytes. It is synchronous: no other code of this
   * process runs in between.
   */
  write(files: FileSystem, offset: number, bodies: readonly PlacedBody[]): Written;
  /** Flushes it to the disk. */
  flush(files: FileSystem): Promise<void>;
}

/** Content of a file: its bytes without its end, and the entries of its bodies in that end. */
export type Written = Pick<FileMark, "bytes" | "bodies">;

/**
 * Checkpoints of the content of a file, in `${path}.mark.json` next to it, with the length of the file
 * they apply to. The file and its mark cannot be replaced at once. So a batch is written first, after the
 * marked bytes, and belongs to the file once the mark counts its bytes. Bytes that a crash leaves after
 * the marked ones are overwritten.
 */
export class FileSinkCheckpoints implements Required<CheckpointStore> {
  readonly #path: string;
  readonly #claims = new ClaimRegistry();

  /** Does not access the files yet. */
  constructor(path: string) {
    this.#path = `${path}.mark`;
  }

  async read(key: string): Promise<Checkpoint | undefined> {
    return keptIn(this.#look(await hostFiles(), undefined).mark, key, undefined).stored();
  }

  /** Replaces the stored state, except what loads of the same run have committed. */
  async write(key: string, checkpoint: Checkpoint): Promise<void> {
    if (this.#claims.isKnown(key, checkpoint)) return;
    const files = await this.#prepare();
    await this.#change(files, key, (kept) => planWrite(key, checkpoint, kept));
  }

  async claim(key: string, claim: Claim, now: number): Promise<Claim> {
    const files = await this.#prepare();
    const held = await claimFile(files, await this.#claimPathOf(key), claim, now, this.#lock);
    if (held.runId === claim.runId) {
      this.#claims.onClaimed(key, held.runId, await this.read(key));
    }
    return held;
  }

  async release(key: string, runId: string): Promise<void> {
    const files = await this.#prepare();
    await releaseFile(files, await this.#claimPathOf(key), runId, this.#lock);
    this.#claims.onReleased(key, runId);
  }

  /** Returns true if a batch is already in the file. */
  async has(mark: CommitMark): Promise<boolean> {
    const stored = await this.read(mark.key) ?? blankCheckpoint;
    return isMarkedIn(stored, mark) || this.#claims.hasUnmarked(mark);
  }

  /**
   * Appends a batch to the file with its mark, or without it if the run writes the mark; does nothing if
   * the batch is done. Returns a function that takes the mark back.
   */
  async commit(
    mark: CommitMark,
    append: Append | undefined,
  ): Promise<(() => Promise<void>) | undefined> {
    const { key } = mark;
    const files = await this.#prepare();
    const plan = await this.#append(files, await this.#claimPathOf(key), append, (file, owner) => {
      const kept = keptIn(file, key, owner);
      const plan = planCommit(mark, kept, this.#claims);
      if (plan === "skip") return { before: kept.stored() ?? blankCheckpoint, next: undefined };
      return { before: plan.before, next: withKey(file, key, plan.write), write: plan.write };
    });
    this.#claims.onCommitted(mark, plan.write?.next);
    return mark.isMarked ? () => this.#takeBack(mark, plan.before) : undefined;
  }

  /**
   * Appends a batch of a run that has no checkpoints, or replaces the content of the file if
   * `isAnew`.
   */
  async append(append: Append, isAnew: boolean): Promise<void> {
    await this.#append(await this.#prepare(), undefined, append, (file) => {
      return { next: isAnew ? { ...file, bytes: 0, keys: new Map() } : file };
    });
  }

  /**
   * Writes a file without rows, unless it has some. Rows of earlier runs count, unless `isAnew`.
   */
  async appendNone(append: Append, isAnew: boolean): Promise<void> {
    await this.#append(await this.#prepare(), undefined, append, (file) => {
      if (isAnew) return { next: { ...file, bytes: 0, keys: new Map() } };
      return { next: file.bytes > 0 ? undefined : file };
    });
  }

  async #append<P extends AppendPlan>(
    files: FileSystem,
    claimPath: string | undefined,
    append: Append | undefined,
    decide: (file: FileMark, owner: string | undefined) => P,
  ): Promise<P> {
    for (;;) {
      const token = newToken();
      const begun = performance.now();
      const step = await whileLocked(files, this.#lock, () => {
        const seen = this.#look(files, claimPath);
        const plan = decide(seen.mark, seen.owner);
        if (plan.next === undefined) return { plan };
        if (append !== undefined && !seen.mark.isOwn) {
          append.checkNew(files);
          return { plan, seen, next: { ...seen.mark, isOwn: true }, isFirst: true };
        }
        // Comes first: if this write fails halfway, the bytes of another writer are lost, and it must
        // notice that.
        files.writeFileSync(`${this.#path}.writer`, token);
        const next = append === undefined ? plan.next : written(files, append, plan.next);
        return { plan, seen, next };
      });
      if (step.next === undefined) return step.plan;
      if (step.isFirst) { // It has to be known after a crash as well.
        await this.#replace(files, claimPath, step, () => true);
        continue;
      }
      await append?.flush(files);
      const isOwn = () =>
        ifExists(() => files.readFileSync(`${this.#path}.writer`, "utf8")) === token;
      if (await this.#replace(files, claimPath, step, isOwn)) return step.plan;
      // Writers that retry at once could block each other forever.
      const time = Math.min(1000, 2 * (performance.now() - begun)) * Math.random();
      await new Promise<void>((resolve) => void setTimer(time, resolve));
    }
  }

  async #takeBack(mark: CommitMark, before: Checkpoint): Promise<void> {
    const { key } = mark;
    await this.#change(await this.#prepare(), key, (kept) => {
      return planUndo(mark, before, kept, this.#claims);
    });
    this.#claims.onUndone(mark);
  }

  /** Changes the checkpoint of a key. */
  async #change(
    files: FileSystem,
    key: string,
    plan: (kept: KeptKey) => WritePlan,
  ): Promise<void> {
    const claimPath = await this.#claimPathOf(key);
    for (;;) {
      const seen = this.#look(files, claimPath);
      const next = withKey(seen.mark, key, plan(keptIn(seen.mark, key, seen.owner)));
      if (await this.#replace(files, claimPath, { seen, next }, () => true)) return;
    }
  }

  /** Replaces the mark, unless something has changed since it was read. */
  async #replace(
    files: FileSystem,
    claimPath: string | undefined,
    { seen, next }: { readonly seen: Seen; readonly next: FileMark },
    isValid: () => boolean,
  ): Promise<boolean> {
    try {
      await replaceFile(files, this.#path, textOf(next), () => {
        const now = this.#look(files, claimPath);
        if (now.text !== seen.text || now.owner !== seen.owner || !isValid()) throw hasChanged;
      });
      return true;
    } catch (error) {
      if (error === hasChanged) return false;
      throw error;
    }
  }

  #look(files: FileSystem, claimPath: string | undefined): Seen {
    const text = ifExists(() => files.readFileSync(`${this.#path}.json`, "utf8"));
    const owner = claimPath === undefined ? undefined : claimOf(files, claimPath)?.runId;
    return { text, mark: markIn(this.#path, text), owner };
  }

  get #lock(): string {
    return `${this.#path}.lock`;
  }

  async #claimPathOf(key: string): Promise<string> {
    return `${this.#path}.${await fileNameOf(key)}`;
  }

  async #prepare(): Promise<FileSystem> {
    const files = await hostFiles();
    await files.promises.mkdir(directoryOf(this.#path), { recursive: true });
    return files;
  }
}

/** Content of the files of a mark. */
interface Seen {
  readonly text: string | undefined;
  readonly mark: FileMark;
  readonly owner: string | undefined;
}

/** Mark to write with a batch; `undefined` if the batch is already there. */
interface AppendPlan {
  readonly next: FileMark | undefined;
}

const hasChanged = Symbol("has changed");

/** Writes a batch, and returns the mark that counts it. The columns must be those of the file. */
function written(files: FileSystem, append: Append, mark: FileMark): FileMark {
  const { bytes, head, bodies } = mark;
  if (bytes > 0 && head !== append.head) {
    const rule = `one whose files begin with ${JSON.stringify(head)}, as this one does`;
    fail("write to a file", "format", rule, append.head);
  }
  return { ...mark, ...append.write(files, bytes, bytes === 0 ? [] : bodies), head: append.head };
}

function newToken(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}
