import { decodeCheckpoint } from "../../checkpoints/checkpoint.ts";
import type { CheckpointRow, KeptCheckpoint } from "./kept-checkpoints.ts";

/** Reads the text of a checkpoint, which may be broken. */
export function readKept(
  key: string,
  text: string,
): Pick<KeptCheckpoint, "key" | "checkpoint" | "broken"> {
  try {
    return { key, checkpoint: decodeCheckpoint(key, text) };
  } catch (error) {
    return { key, checkpoint: undefined, broken: (error as Error).message };
  }
}

/** Reads a row of the table of a SQL store. */
export function checkpointOfRow(row: CheckpointRow): KeptCheckpoint {
  const { key, checkpoint, run_id: runId, lease_until: until, lease } = row;
  return {
    ...(checkpoint === null ? { key, checkpoint: undefined } : readKept(key, checkpoint)),
    claim: runId === null ? undefined : {
      runId,
      until: Number(until ?? Infinity),
      ...(lease !== null && { lease: Number(lease) }),
    },
  };
}
