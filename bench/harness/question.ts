/**
 * The words that all benches share: a question has variants, which are measured, and comparisons,
 * which are printed.
 * @module
 */

/** What a job found out about itself, beside the time that it took. */
export type Measures = Record<string, number>;

/** The part that is timed. */
export type Job = () => Promise<Measures | void>;

/** One way to do the work of a question. It is measured in a process of its own. */
export interface Variant {
  /** How many items the job handles at full scale. */
  readonly items: number;
  /** The one runtime that is to measure it, where it takes long. */
  readonly onlyOn?: string;
  /** Left out where only a share of the items is asked for. */
  readonly onlyAtFullScale?: boolean;
  /** Makes the job for so many items; what it does here is not timed. */
  prepare(items: number): Job | Promise<Job>;
}

/** One row of the answer: a measure of a variant, alone or against others of the same round. */
export interface Comparison {
  /** What is compared, as a row of a table says it. */
  readonly title: string;
  /** The variant that the row is about. */
  readonly variant: string;
  /** What it is divided by; of several, the one with the highest measure. */
  readonly against?: string | readonly string[];
  /** Which measure; `rate` is items per second, `cpuRate` items per second of CPU time. */
  readonly measure?: string;
  /** Whether the other is divided by or taken away; a share is a difference of `seconds`, in percent. */
  readonly as?: "ratio" | "difference" | "share";
  /**
   * Another measure, with the word for it, whose value stands in brackets beside that of the row. The
   * highest values of all rounds, compared, then stand there too.
   */
  readonly beside?: Readonly<Record<string, string>>;
  /** The number to hold, where there is one. It is printed, never asserted. */
  readonly atLeast?: number;
  readonly atMost?: number;
  /** The runtime that the number was given for, as its name begins; without it, all of them. */
  readonly floorOf?: string;
  /** What the numbers are, if not a ratio: "items/s", "ms", "MB". */
  readonly unit?: string;
  /** Where the row stands in a chart of lines: its value is 1 in the row that has a unit. */
  readonly point?: Point;
  /** What a reader has to know to read the row rightly. */
  readonly note?: string;
}

/** A place in a chart of lines. */
export interface Point {
  /** The picture of the chart that it is in. */
  readonly panel: string;
  /** What grows. */
  readonly line: string;
  /** How much of it there is. */
  readonly count: number;
}

/** What one file of this folder asks. */
export interface Question {
  readonly title: string;
  /** What is done, in a sentence or two: printed above the table. */
  readonly method: string;
  /** How often a process does its job, of which the fastest counts; once if it is left out. */
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

/** A row of the answer, filled in: the median over the rounds, for each runtime. */
export interface Row extends Comparison {
  readonly medians: Readonly<Record<string, number>>;
  /** The value of each round, so that the spread is seen. */
  readonly rounds: Readonly<Record<string, readonly number[]>>;
  /** What stands beside the median, in brackets. */
  readonly asides?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** All that is kept of one question. */
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
