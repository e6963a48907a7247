import { anyObject, checkOptions, fail, type OptionTable } from "../options.ts";
import type { StageName } from "../report-types.ts";
import { type RetryOptions, retryOptions, type RetrySettings } from "../retry/retry.ts";

/** Retry rules for each stage. */
export interface RetryByStage {
  /**
   * For a source that fails or cannot be opened: `extract` is called again, as in a next run after
   * the items that this run has read (see `resume`); `context.checkpoint` contains them. The count
   * of attempts restarts once more items were read. The source must yield the same items in the
   * same order again.
   */
  extract?: Omit<RetryOptions, "attemptTimeout"> | undefined;
  /** For the transform of an item. */
  transform?: RetryOptions | undefined;
  /** For the load of a batch. */
  load?: RetryOptions | undefined;
}

const stageNames: readonly StageName[] = ["extract", "transform", "load"];

/** Checks and completes the rules of each stage. */
export function checkRetry(
  action: string,
  retry: RetryOptions | RetryByStage,
  attemptTimeout: number,
): Readonly<Record<StageName, RetrySettings>> {
  const check = (options: RetryOptions) =>
    checkOptions<RetryOptions, "isRetriable">(action, options, retryOptions, { attemptTimeout });
  const stages = Object.fromEntries(stageNames.map((stage) => [stage, [anyObject, {}]] as const));
  if (!stageNames.some((stage) => stage in retry)) {
    const table = { ...retryOptions, ...stages } as OptionTable<RetryOptions & RetryByStage>;
    checkOptions(action, retry, table); // A near name may be a stage.
    const both = check(retry as RetryOptions);
    return { extract: check({}), transform: both, load: both }; // Not every source can be read again.
  }
  const table = stages as unknown as OptionTable<Record<StageName, RetryOptions>>;
  const byStage = retry as Record<StageName, RetryOptions>;
  const { extract, transform, load } = checkOptions(action, byStage, table);
  if (extract.attemptTimeout !== undefined) {
    const rule = "omitted, as a source is read for as long as it has items";
    fail(action, "retry.extract.attemptTimeout", rule, extract.attemptTimeout);
  }
  return { extract: check(extract), transform: check(transform), load: check(load) };
}
