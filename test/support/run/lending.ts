import { expect, vi } from "vitest";
import {
  type DeadLetter,
  etl,
  leased,
  type LeaseOptions,
  type Pipeline,
  type Run,
  type RunOptions,
  type RunReport,
  type Source,
} from "../../../src/index.ts";
import { outcomeOf } from "../outcomes/outcome.ts";

/** A run of a queue that lends numbers, and what was told, in order. */
export interface Lending {
  readonly told: string[];
  readonly run: Run;
}

/** Begins a run of such a queue; two numbers are loaded at a time. */
export function lend(
  items: Source<number>,
  { load, ...members }: Partial<Pipeline<number, unknown>> = {},
  options: Partial<LeaseOptions<number>> = {},
  runOptions: RunOptions<number> = {},
): Lending {
  const told: string[] = [];
  const queue = leased(items, {
    acknowledge: (items) => void told.push(`done ${items}`),
    release: (items) => void told.push(`released ${items}`),
    close: () => void told.push("closed"),
    ...options,
  });
  const pipeline = etl<number, unknown>({
    name: "numbers",
    extract: () => queue,
    ...members,
    load: async (rows, context) => void await load?.(rows, context),
    finalize: () => void told.push("finalize"),
  });
  return { told, run: pipeline.start({ batchSize: 2, ...runOptions }) };
}

/** Lets a run have its time, and gives its report, however it ended. */
export async function reportOf(run: Run): Promise<RunReport> {
  const settled = outcomeOf(run.finished);
  await vi.advanceTimersByTimeAsync(100_000);
  expect(vi.getTimerCount()).toBe(0);
  const value = settled.value as RunReport & { report?: RunReport };
  const report = value.report ?? value;
  const { extracted, loaded, skipped, deadLettered, returned, pending } = report;
  expect(loaded + skipped + deadLettered + returned + pending).toBe(extracted);
  return report;
}

/** What a run has rejected with. */
export async function errorOf(run: Run): Promise<unknown> {
  const settled = outcomeOf(run.finished);
  await vi.advanceTimersByTimeAsync(100_000);
  expect(settled.state).toBe("rejected");
  return settled.value;
}

/** Takes letters. */
export function lettersInto(letters: DeadLetter[]): WritableStream<DeadLetter> {
  return new WritableStream({ write: (letter) => void letters.push(letter) });
}

/** Maps numbers, but for some. */
export function failingFor(...bad: readonly number[]): (n: number) => number {
  return (n) => {
    if (bad.includes(n)) throw new Error(`not ${n}`);
    return n;
  };
}

/** Loads rows, unless some are among them. */
export function refusing(...bad: readonly number[]): (rows: unknown[]) => void {
  return (rows) => {
    const found = rows.find((row) => bad.includes(row as number));
    if (found !== undefined) throw new Error(`not ${found}`);
  };
}
