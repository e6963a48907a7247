import { type CheckpointRow, type KeptCheckpoint, readKept } from "./kept-checkpoints.ts";

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
