import {
  checkOptions,
  fail,
  type OptionTable,
  positive,
  positiveIntegerOrInfinity,
} from "../options.ts";

/** Limits after which a run stops by itself. An omitted limit is infinite. */
export interface RunBudget {
  /** Time since the run began in milliseconds, a number above 0. */
  duration?: number | undefined;
  /** Items read: a positive integer. */
  items?: number | undefined;
  /** Batches: a positive integer. */
  batches?: number | undefined;
}

const budgetOptions: OptionTable<RunBudget> = {
  duration: [positive],
  items: [positiveIntegerOrInfinity],
  batches: [positiveIntegerOrInfinity],
};

/** Rejects a budget that breaks a rule or limits nothing. */
export function checkBudget(action: string, budget: RunBudget | undefined): void {
  if (budget === undefined) return;
  const limits = Object.values(checkOptions(action, budget, budgetOptions));
  if (limits.some((limit) => limit !== undefined)) return;
  fail(action, "budget", "an object with 'duration', 'items' or 'batches'", budget);
}
