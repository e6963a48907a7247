import type { Job } from "../../src/adapters/jobs.ts";
import type { PostgresSink } from "../../src/adapters/postgres.ts";

/** Rows of each partition. */
export const ROWS = 1000;

/** A job whose transforms wait for 30 ms per 100 rows, as if they called a service. */
export function waitingJob(
  name: string,
  parts: number,
  sink: PostgresSink,
): Job<number, number, { id: number }> {
  return {
    name,
    split: () => Array.from({ length: parts }, (_, n) => n),
    id: (n) => `part ${n}`,
    pipeline: (n) => ({
      extract: () => Array.from({ length: ROWS }, (_, row) => n * ROWS + row),
      transformBatch: async (ids) => {
        await new Promise((go) => setTimeout(go, 30));
        return ids.map((id) => ({ id }));
      },
      load: sink.load,
    }),
  };
}
