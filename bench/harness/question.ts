/**
 * Types that all benches share. A question has variants, which are measured, and comparisons, which
 * are printed.
 * @module
 */

/** Measures that a job takes itself, beside its time. */
export type Measures = Record<string, number>;

/** The part that is timed. */
export type Job = () => Promise<Measures | void>;

/** One way to do the work of a question. It is measured in its own process. */
export interface Variant {
  /** The number of items that the job handles at full scale. */
  readonly items: number;
  /** Makes the job for this many items. The preparation is not timed. */
  prepare(items: number): Job | Promise<Job>;
}

/** One row of the answer: a measure of a variant, alone or against others of the same round. */
export interface Comparison {
  /** The comparison, as the title of a row in a table. */
  readonly title: string;
  /** The variant that the row is about. */
  readonly variant: string;
  /** The variant it is divided by. If several, the one with the highest measure. */
  readonly against?: string | readonly string[];
  /** The measure: `rate` is items per second, `cpuRate` items per second of CPU time. */
  readonly measure?: string;
  /** Whether to divide by the other variant or to subtract it. */
  readonly as?: "ratio" | "difference";
  /**
   * Another measure and its name. Its value is shown in brackets beside that of the row, together with
   * the comparison of the highest values of all rounds.
   */
  readonly beside?: Readonly<Record<string, string>>;
  /** The target, if there is one. It is printed, never asserted. */
  readonly atLeast?: number;
  readonly atMost?: number;
  /** The runtime that the target is for, as the start of its name. Default: all of them. */
  readonly floorOf?: string;
  /** The unit of the numbers, unless they are ratios: "items/s", "ms", "MB". */
  readonly unit?: string;
  /** A note that a reader needs to understand the row. */
  readonly note?: string;
}

/** The question of one file in this folder. */
export interface Question {
  readonly title: string;
  /** The method, in a few sentences. Printed above the chart. */
  readonly method: string;
  /** How often a process does its job. The fastest time counts. Default: once. */
  readonly times?: number;
  readonly variants: Readonly<Record<string, Variant>>;
  readonly comparisons: readonly Comparison[];
}

/** A measure in the units that a reader sees. */
export interface Sample {
  readonly runtime: string;
  readonly round: number;
  readonly variant: string;
  readonly measures: Measures;
}

/** A complete row of the answer: the median over the rounds, for each runtime. */
export interface Row extends Comparison {
  readonly medians: Readonly<Record<string, number>>;
  /** The value of each round, to show the spread. */
  readonly rounds: Readonly<Record<string, readonly number[]>>;
  /** The values beside the median, in brackets. */
  readonly asides?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** The stored answer to a question. */
export interface Result {
  readonly question: string;
  readonly title: string;
  readonly method: string;
  readonly measuredAt: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly settings: { readonly rounds: number; readonly scale: number };
  readonly rows: readonly Row[];
  readonly samples: readonly Sample[];
}
