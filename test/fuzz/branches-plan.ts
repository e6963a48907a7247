import { randomOf } from "../crash/random.ts";
import { sourceKinds } from "../support/run/sources.ts";
import type { StepName } from "./branches-steps.ts";

/** How a run is cut short. */
export const cuts = ["drain", "abort", "dies", "nothing"] as const;

/** How a branch fails, and how long it takes. */
export interface BranchFaults {
  /** Calls that fail for a moment, from 0 to 1. */
  readonly away: number;
  /** Of how many rows one is never taken; 0 for none. */
  readonly poison: number;
  readonly isNaming: boolean;
  readonly delay: number;
}

/** Everything about the runs of one pipeline with operators and branches until one completes. */
export interface BranchesPlan {
  readonly seed: number;
  readonly count: number;
  readonly kind: typeof sourceKinds[number];
  readonly delays: { readonly source: number };
  readonly steps: readonly StepName[];
  readonly load: "route" | "broadcast";
  readonly lag: number;
  /** The last branch is a sink, and its checkpoints are those of the run. */
  readonly hasSink: boolean;
  readonly hasLetters: boolean;
  readonly resume: "skip" | "source";
  readonly faults: readonly BranchFaults[];
  readonly options: {
    readonly batchSize: number;
    readonly workers: number;
    readonly maxAttempts: number;
    readonly drainTimeout: number;
  };
  /** The runs that are cut short, each when a branch is called for the time that it says. */
  readonly lives: readonly { readonly cut: typeof cuts[number]; readonly at: number }[];
}

const stateless = ["map", "filter", "flatMap", "tap", "later", "lookup"] as const;
const stateful = ["distinct", "take", "drop", "scan"] as const;

/** The plan of a seed: the same for the same seed, on every runtime. */
export function branchesPlanOf(seed: number): BranchesPlan {
  const random = randomOf(seed * 6007 + 29);
  const upTo = (n: number) => Math.floor(random() * (n + 1));
  const oneOf = <V>(...values: readonly V[]) => values[upTo(values.length - 1)]!;
  const resume = oneOf("skip", "skip", "source");
  const known = resume === "source" ? stateless : [...stateless, ...stateful];
  const hasLetters = random() < 0.6;
  const faultsOf = (): BranchFaults => ({
    away: oneOf(0, 0.2, 0.5),
    poison: hasLetters ? oneOf(0, 5, 7) : 0, // Without letters what never works would fail each run.
    isNaming: random() < 0.5,
    delay: oneOf(0, 0, 3),
  });
  return {
    seed,
    resume,
    hasLetters,
    count: upTo(25),
    kind: oneOf(...sourceKinds),
    delays: { source: oneOf(0, 0, 2) },
    steps: Array.from({ length: upTo(6) }, () => oneOf<StepName>(...known)),
    load: oneOf("route", "broadcast"),
    lag: oneOf(0, 1, Infinity),
    hasSink: random() < 0.6,
    faults: [faultsOf(), faultsOf(), faultsOf()],
    options: {
      batchSize: oneOf(1, 2, 3, 5, 8),
      workers: oneOf(1, 2, 4),
      maxAttempts: oneOf(1, 2, 4),
      drainTimeout: oneOf(0, 15, 10_000),
    },
    lives: Array.from({ length: upTo(4) }, () => ({ cut: oneOf(...cuts), at: upTo(25) })),
  };
}
