// What is measured of a whole job, and what is said of it beside a script by hand.
import { cpuUsage } from "node:process";
import type { Comparison } from "./question.ts";

/** What a job has taken; times are in seconds. */
type JobMeasures = Record<"rate" | "seconds" | "cpu" | "rowsPerCpu", number>;

/** Does a job of so many rows; the CPU time is that of this process, a server not included. */
export async function measureJob(items: number, work: () => unknown): Promise<JobMeasures> {
  const [start, before] = [performance.now(), cpuUsage()];
  await work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = cpuUsage(before);
  const cpu = (user + system) / 1e6;
  return { rate: items / seconds, seconds, cpu, rowsPerCpu: items / cpu };
}

/** Fails unless all rows are there once: `others` are those that were not to be there, or not twice. */
export function checkRows(items: number, count: number, others: number): void {
  if (count === items && others === 0) return;
  throw new Error(`${count} rows, of which ${others} are wrong, are not ${items}`);
}

/** The rows about one way to do a job. */
export function jobComparisons(
  variant: string,
  byHand: string,
  against: Readonly<Record<string, number | undefined>>,
): Comparison[] {
  const ratios = Object.entries(against).map(([against, atLeast]): Comparison => ({
    ...{ title: `${variant}, against ${against}`, variant, against },
    ...atLeast !== undefined && { atLeast },
  }));
  return [{ title: variant, variant, unit: "rows/s" }, ...ratios, {
    ...{ title: `${variant}, against ${byHand}, CPU of the process`, variant, against: byHand },
    measure: "rowsPerCpu",
  }, shareOf(variant, byHand)];
}

/** What a job has more of CPU time than one by hand, as a share of the time that it takes. */
export function shareOf(variant: string, against: string): Comparison {
  const title = `${variant}, CPU beyond ${against} in its time`;
  return { title, variant, against, measure: "cpu", as: "share", unit: "%", atMost: 15 };
}
