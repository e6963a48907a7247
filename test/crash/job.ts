/** What a writer is to do. */
export interface Job {
  /** Which sink, through which client. */
  readonly store: "sqlite" | "pg" | "postgres";
  /** A file, or the URL of a server. */
  readonly at: string;
  /** It loads the numbers below. */
  readonly rows: number;
  readonly batchSize: number;
  readonly workers: number;
  /** In milliseconds. */
  readonly lease: number;
  /** How long a load waits before, and after, in milliseconds on average. */
  readonly pause: number;
  readonly resume: "skip" | "source";
  readonly seed: number;
  /** Most pages of a file of SQLite. */
  readonly maxPages?: number;
  /** So many numbers have a property of their own, whose column the sink adds to both of its tables. */
  readonly growth?: number;
  /** Once it has loaded so many numbers it rests: so it is not over before it is killed. */
  readonly restAfter?: number | undefined;
  /** Loads that fail are tried again. */
  readonly isRetrying?: boolean;
}

const ways = [["skip", 1], ["source", 4], ["skip", 8], ["source", 1], ["skip", 4], [
  "source",
  8,
]] as const;

/** A job of 20 000 rows whose loads take `time` milliseconds; the `turn` decides how it goes. */
export function jobOf(
  where: Pick<Job, "store" | "at">,
  turn: number,
  time: number,
  random: () => number,
): Job {
  const [resume, workers] = ways[turn % ways.length]!;
  const rows = 20_000;
  const batchSize = 20 + Math.floor(random() * 100);
  const pause = time * workers / Math.ceil(rows / batchSize) / 2;
  return { ...where, rows, batchSize, workers, resume, pause, lease: 50, seed: 0 };
}
