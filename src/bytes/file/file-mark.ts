import type { PlacedBody } from "../row-encoder.ts";
import { CheckpointError } from "../../errors.ts";
import { checkCheckpoint, type Checkpoint } from "../../checkpoints/checkpoint.ts";
import type { KeptKey, WritePlan } from "../../checkpoints/plan-commit.ts";

/** Content of `${path}.mark.json`. */
export interface FileMark {
  /** Number of bytes of the file that hold whole batches; later bytes are overwritten. */
  readonly bytes: number;
  /** Beginning of the file, before its rows. */
  readonly head: string;
  /** True if a sink has written the file, or was allowed to overwrite it. */
  readonly isOwn: boolean;
  readonly keys: ReadonlyMap<string, MarkedKey>;
  /** Entries for the end of the file, if its format needs them. */
  readonly bodies: readonly PlacedBody[];
}

interface MarkedKey {
  readonly checkpoint: Checkpoint;
  /** The run whose load wrote it last; absent if a write replaced it. */
  readonly loadedBy?: string | undefined;
}

/** The mark of a file that no sink has written. */
const blankMark: FileMark = { bytes: 0, head: "", isOwn: false, keys: new Map(), bodies: [] };

/** Returns the state stored for a key, in the form that the rules of a commit need. */
export function keptIn(file: FileMark, key: string, owner: string | undefined): KeptKey {
  const kept = file.keys.get(key);
  return {
    owner,
    loadedBy: kept?.loadedBy,
    stored: () => kept && checkCheckpoint(key, kept.checkpoint),
  };
}

/** Returns the mark with the checkpoint of a key. A file without any marked items starts over. */
export function withKey(file: FileMark, key: string, plan: WritePlan | undefined): FileMark {
  if (plan === undefined) return file;
  const { next: checkpoint, loadedBy } = plan;
  const keys = new Map(file.keys).set(key, { checkpoint, loadedBy });
  return { ...file, bytes: isMarked(file.keys) && !isMarked(keys) ? 0 : file.bytes, keys };
}

/** Returns true if any checkpoint has finished items. */
function isMarked(keys: FileMark["keys"]): boolean {
  const checkpoints = Array.from(keys.values(), ({ checkpoint }) => checkpoint);
  return checkpoints.some(({ offset, done }) => offset > 0 || done.length > 0);
}

/** Returns the mark in the text of its file. */
export function markIn(path: string, text: string | undefined): FileMark {
  if (text === undefined) return blankMark;
  try {
    const { bytes, head, isOwn, keys, bodies = [] } = Object(JSON.parse(text)) as Record<
      string,
      unknown
    >;
    if (
      Number.isSafeInteger(bytes) && typeof head === "string" && Array.isArray(keys) &&
      Array.isArray(bodies)
    ) {
      const kept = new Map(keys as [string, MarkedKey][]);
      return { bytes: bytes as number, head, isOwn: isOwn === true, keys: kept, bodies };
    }
  } catch {
    // Reported below.
  }
  throw new CheckpointError(`${path}.json`, "it holds no mark of a file");
}

/** Returns the text of the file of a mark. */
export function textOf(mark: FileMark): string {
  const { bodies, ...rest } = mark;
  const index = bodies.length === 0 ? {} : { bodies }; // Most formats have none.
  return `${JSON.stringify({ ...rest, keys: [...mark.keys], ...index })}\n`;
}
