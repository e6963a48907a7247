import type { BatchInfo } from "../../pipeline/pipeline.ts";

/** Maximum number of ranges that a key spells out; a digest replaces more of them. */
const MOST_RANGES = 4;

/**
 * Returns the key of the rows of a load, by which the service can accept them once. In a run with
 * checkpoints the key consists of the checkpoint's key and the places of the items. So each attempt has
 * the same key, and also a later run that loads the same batch after a crash. Otherwise the key is
 * specific to one run. `text` distinguishes the parts of a batch, also when a part of the rows was
 * accepted before.
 */
export function idempotencyKeyOf(
  { key, ranges, sequence }: BatchInfo,
  runId: string,
  text: string,
  isPart: boolean,
): string {
  if (key === undefined || ranges === undefined) return `${runId}:${sequence}:${digestOf(text)}`;
  const all = ranges.map(([from, to]) => `${from}-${to}`);
  const rest = all.slice(MOST_RANGES);
  const told = all.slice(0, MOST_RANGES).join(",");
  const places = rest.length === 0 ? told : `${told},${digestOf(rest.join())}`;
  const part = isPart ? `:${digestOf(text)}` : "";
  return `${encodeURIComponent(key)}:${places}${part}`; // A header holds no other characters.
}

/** 106 bits of a text: two hashes of 53 bits (bryc, cyrb53, public domain, 2018). */
function digestOf(text: string): string {
  return [0, 1].map((seed) => hash53(text, seed).toString(36).padStart(11, "0")).join("");
}

function hash53(text: string, seed: number): number {
  let [high, low] = [0xdeadbeef ^ seed, 0x41c6ce57 ^ seed];
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    high = Math.imul(high ^ unit, 2654435761);
    low = Math.imul(low ^ unit, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & low) + (high >>> 0);
}
