import type { StageName, StageTimes } from "../../report-types.ts";

/** Kinds of time of a stage. */
export type StageState = "busy" | "backoff" | "limited" | "blocked" | "starved";

/** A part of the time of a stage. */
export interface Share {
  /** Kind of this time. */
  readonly state: StageState;
  /** Share of it, from 0 to 1; those of a stage add up to 1. */
  readonly share: number;
}

/** The stages in the order of the data. */
export const stageNames: readonly StageName[] = ["extract", "transform", "load"];

const states: readonly StageState[] = ["busy", "backoff", "limited", "blocked", "starved"];
const optional: ReadonlySet<StageState> = new Set(["backoff", "limited"]);

/** Full name of each state. */
export const stateWords: Readonly<Record<StageState, string>> = {
  busy: "busy: at work, or the source was waited for",
  backoff: "backoff: waiting before another attempt",
  limited: "limited: waiting for the rate limit",
  blocked: "blocked: waiting for the next stage",
  starved: "starved: waiting for input, or done",
};

/** Where the time of a stage went, in the order in which it is drawn. */
export function sharesOf(times: StageTimes): readonly Share[] {
  const spent = states
    .filter((state) => !optional.has(state) || (times[state] ?? 0) > 0)
    .map((state) => ({ state, time: Math.max(0, times[state] ?? 0) }));
  const all = spent.reduce((sum, { time }) => sum + time, 0);
  return spent.map(({ state, time }) => ({ state, share: all > 0 ? time / all : 0 }));
}
