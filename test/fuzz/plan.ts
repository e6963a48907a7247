import { randomOf } from "../crash/random.ts";
import { sourceKinds } from "../support/run/sources.ts";

/** What is to become of an item, wherever it turns up. */
export const fates = [
  ...["fine", "skip", "transform fails once", "transform fails"] as const,
  ...["load fails once", "load fails", "load names it", "load is busy once"] as const,
];
/** What is to become of an item. */
export type Fate = typeof fates[number];

/** Where rows go: rows and mark in one commit, rows alone, or rows without any checkpoint. */
export const sinkKinds = ["transactional", "sqlite", "plain", "none"] as const;
/** Where rows go. */
export type SinkKind = typeof sinkKinds[number];

/** How one run of a pipeline is disturbed. */
export const ends = [
  ...["dies", "freezes", "signal", "drain", "abort"] as const,
  ...["source fails", "letters fail", "outage", "nothing"] as const,
];
/** How one run of a pipeline is disturbed. */
export interface Life {
  readonly end: typeof ends[number];
  /** When, in milliseconds from its begin; of a source the item. */
  readonly at: number;
  /** How long an outage or a freeze lasts. */
  readonly lasts: number;
  /** How far the clock of its machine is ahead. */
  readonly skew: number;
}

/** Everything about the runs of one pipeline until one of them completes. */
export interface Plan {
  readonly seed: number;
  readonly kind: typeof sourceKinds[number];
  readonly count: number;
  readonly sink: SinkKind;
  /** The pipeline's `load`: the sink's own, or a function around it that the sink knows or not. */
  readonly shape: "own" | "wrap" | "around";
  readonly map: "none" | "item" | "batch";
  /** Of the items, one after the other, and from the first one on again. */
  readonly fates: readonly Fate[];
  readonly hasLetters: boolean;
  readonly delays: Readonly<Record<"source" | "map" | "load" | "store" | "letter", number>>;
  /** Of how many commits one is answered by an error although it came through; 0 for none. */
  readonly lostEach: number;
  readonly resume: "skip" | "source";
  readonly options: {
    readonly batchSize: number;
    readonly workers: number;
    readonly timeout: number;
    readonly concurrency: number;
    readonly drainTimeout: number;
    readonly maxAttempts: number;
    readonly attemptTimeout: number;
    readonly isolate: "bisect" | "none";
    readonly limit: number;
    readonly flushEach: number;
  };
  /** The runs that are disturbed; those after them are not. */
  readonly lives: readonly Life[];
}

/** The plan of a seed: the same for the same seed, on every runtime. */
export function planOf(seed: number): Plan {
  const random = randomOf(seed * 7919 + 13);
  const upTo = (n: number) => Math.floor(random() * (n + 1));
  const oneOf = <V>(...values: readonly V[]) => values[upTo(values.length - 1)]!;
  const isSo = (share: number) => random() < share;
  const delay = () => isSo(0.4) ? 0 : upTo(6);
  const sink = oneOf(...sinkKinds, "transactional", "sqlite");
  const map = oneOf("none", "item", "batch");
  const hasLetters = isSo(0.6);
  const fateOf = (): Fate => {
    if (isSo(0.75)) return "fine";
    const fate = oneOf(...fates);
    // Without letters what never works would fail each run; without a transform none is called.
    const isHopeless = ["transform fails", "load fails", "load names it"].includes(fate);
    const isMapped = fate === "skip" || fate.startsWith("transform");
    return (isHopeless && !hasLetters) || (isMapped && map === "none") ? "fine" : fate;
  };
  const lifeOf = (): Life => ({
    end: oneOf(...ends),
    at: upTo(60),
    lasts: oneOf(5, 20, 80),
    skew: isSo(0.5) ? 0 : oneOf(-3_600_000, -50, 50, 3_600_000),
  });
  return {
    seed,
    sink,
    map,
    hasLetters,
    kind: oneOf(...sourceKinds),
    count: isSo(0.1) ? 0 : upTo(50),
    shape: oneOf("own", "wrap", "around"),
    fates: Array.from({ length: 1 + upTo(24) }, fateOf),
    delays: { source: delay(), map: delay(), load: delay(), store: delay(), letter: delay() },
    lostEach: isSo(0.4) ? 2 + upTo(8) : 0,
    resume: oneOf("skip", "source"),
    options: {
      batchSize: oneOf(1, 2, 3, 5, 8, 13),
      workers: oneOf(1, 1, 2, 4),
      timeout: oneOf(3, 5000),
      concurrency: 1 + upTo(4),
      drainTimeout: oneOf(0, 15, 10_000),
      maxAttempts: oneOf(1, 2, 4),
      attemptTimeout: oneOf(4, 30, Infinity, Infinity),
      isolate: oneOf("bisect", "bisect", "none"),
      limit: isSo(0.2) ? 5 + upTo(9) : 0,
      flushEach: isSo(0.2) ? 1 + upTo(6) : 0,
    },
    lives: sink === "none" ? [lifeOf()] : Array.from({ length: upTo(4) }, lifeOf),
  };
}
