import type { Claim } from "../../checkpoints/checkpoint.ts";
import { CheckpointError } from "../../errors.ts";
import type { Change } from "./kept-value.ts";

/** Value of the key of a checkpoint in a bucket. */
export interface KeptKey {
  /** The run that has claimed it. */
  readonly claim?: Claim | undefined;
  /** The checkpoint, which nobody has checked. */
  readonly checkpoint?: unknown;
}

/**
 * Returns the value of a key from its text.
 * @throws {CheckpointError} If it is not such a value, or is that of another key.
 */
export function decodeKey(key: string, text: string | undefined): KeptKey {
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(key, "it is not JSON", { cause });
  }
  const { key: found, claim, checkpoint } = Object(value) as KeptKey & { key?: unknown };
  if (found !== key) throw new CheckpointError(key, "the value belongs to another key");
  if (typeof claim?.runId !== "string") return { checkpoint };
  const { runId, until, lease } = claim;
  return {
    claim: { runId, until: timeOf(until), ...(lease !== undefined && { lease: timeOf(lease) }) },
    checkpoint,
  };
}

/**
 * Returns the value of a key as text. It includes the key, for people and to detect mixed-up
 * values.
 */
export function encodeKey(key: string, kept: KeptKey): string {
  return JSON.stringify({ key, ...kept });
}

/** Claims a key for a run, unless another one has it whose `until` is above `now`. */
export function claimKey(key: string, kept: KeptKey, claim: Claim, now: number): Change<Claim> {
  const holder = kept.claim;
  if (holder !== undefined && holder.runId !== claim.runId && holder.until > now) {
    return { result: holder };
  }
  const { runId, until, lease } = claim;
  const own = { runId, until, ...(lease !== undefined && { lease }) };
  return { next: encodeKey(key, { ...kept, claim: own }), result: own };
}

/** Ends the claim of a run, if it owns the key. */
export function releaseKey(key: string, kept: KeptKey, runId: string): Change<void> {
  if (kept.claim?.runId !== runId) return { result: undefined };
  return { next: encodeKey(key, { checkpoint: kept.checkpoint }), result: undefined };
}

/** JSON has no Infinity, and makes it null. */
function timeOf(value: unknown): number {
  return typeof value === "number" ? value : Infinity;
}
