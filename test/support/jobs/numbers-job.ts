import { type Job, MemoryJobStore } from "../../../src/adapters/jobs.ts";
import type { Pipeline } from "../../../src/pipeline/pipeline.ts";

/** Three partitions of ten numbers each, which are loaded into `loaded`. */
export function numbersJob(
  change: (from: number) => Partial<Pipeline<number, number>> = () => ({}),
): {
  readonly job: Job<number, number>;
  readonly loaded: number[];
  readonly store: MemoryJobStore;
} {
  const loaded: number[] = [];
  const job: Job<number, number> = {
    name: "numbers",
    split: () => [0, 10, 20],
    id: (from) => `from ${from}`,
    pipeline: (from) => ({
      extract: () => Array.from({ length: 10 }, (_, n) => from + n),
      load: (rows) => void loaded.push(...rows),
      ...change(from),
    }),
  };
  return { job, loaded, store: new MemoryJobStore({ lease: 3000 }) };
}

/** All numbers of the job. */
export const numbers: readonly number[] = Array.from({ length: 30 }, (_, n) => n);
