import type { PlacedBody } from "../row-encoder.ts";
import { CheckpointError } from "../../errors.ts";
import { checkCheckpoint, type Checkpoint } from "../../checkpoints/checkpoint.ts";
import type { KeptKey, WritePlan } from "../../checkpoints/plan-commit.ts";

/** What `${path}.mark.json` holds. */
export interface FileMark {
  /** The bytes of the file that hold whole batches; what stands after them is written anew. */
  readonly bytes: number;
  /** What the file begins with, before its rows. */
  readonly head: string;
  /** A sink has written the file, or was allowed to write over it. */
  readonly isOwn: boolean;
  readonly keys: ReadonlyMap<string, MarkedKey>;
  /** What the end of the file has to tell of its rows, where its format needs that. */
  readonly bodies: readonly PlacedBody[];
}

interface MarkedKey {
  readonly checkpoint: Checkpoint;
  /** The run whose load wrote it last; absent if a write replaced it. */
  readonly loadedBy?: string | undefined;
}

/** The mark of a file that no sink knows. */
const blankMark: FileMark = { bytes: 0, head: "", isOwn: false, keys: new Map(), bodies: [] };

/** What is kept for a key, as the rules of a commit ask for it. */
export function keptIn(file: FileMark, key: string, owner: string | undefined): KeptKey {
  const kept = file.keys.get(key);
  return {
    owner,
    loadedBy: kept?.loadedBy,
    stored: () => kept && checkCheckpoint(key, kept.checkpoint),
  };
}

/** The mark with the checkpoint of a key. A file of which nothing is marked any more begins anew. */
export function withKey(file: FileMark, key: string, plan: WritePlan | undefined): FileMark {
  if (plan === undefined) return file;
  const { next: checkpoint, loadedBy } = plan;
  const keys = new Map(file.keys).set(key, { checkpoint, loadedBy });
  return { ...file, bytes: isMarked(file.keys) && !isMarked(keys) ? 0 : file.bytes, keys };
}

/** Whether something is finished, by any checkpoint. */
function isMarked(keys: FileMark["keys"]): boolean {
  const checkpoints = Array.from(keys.values(), ({ checkpoint }) => checkpoint);
  return checkpoints.some(({ offset, done }) => offset > 0 || done.length > 0);
}

/** The mark in the text of its file. */
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
    // It is told below.
  }
  throw new CheckpointError(`${path}.json`, "it holds no mark of a file");
}

/** What is written into the file of a mark. */
export function textOf(mark: FileMark): string {
  const { bodies, ...rest } = mark;
  const index = bodies.length === 0 ? {} : { bodies }; // Most formats have none.
  return `${JSON.stringify({ ...rest, keys: [...mark.keys], ...index })}\n`;
}
