import type { ManagedEtl } from "../src/index.ts";
import { show } from "./numbers.ts";

/** What is left to do of a pipeline. */
export interface Remainder {
  readonly name: string;
  /** All items of its source. */
  readonly total: number;
  /** Those that no earlier run has finished. */
  readonly left: number;
}

/** Asks the checkpoint of a pipeline what earlier runs have left. */
export async function remainderOf({ name, defaults }: ManagedEtl): Promise<Remainder> {
  const { total: said, checkpoints } = defaults;
  const total = typeof said === "number" ? said : 0;
  const { offset = 0, done = [] } = await checkpoints?.read(name) ?? {};
  const finished = done.reduce((sum, [from, to]) => sum + to - from, offset);
  return { name, total, left: total - finished };
}

/** Says where a pipeline goes on, if that is not at its start. */
export function sentenceOn({ name, total, left }: Remainder): string[] {
  if (left === total) return [];
  const place = `${show(total - left)} of ${show(total)} ${name}`;
  return [left === 0 ? `No ${name} are left to load.` : `Going on at ${place}.`];
}
