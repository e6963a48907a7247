import { BatchError, FencedError, isOf, SplitError } from "../errors.ts";
import type { FailureStage } from "../report-types.ts";
import { sleep } from "../runtime/deadline.ts";
import { withError, withThrown } from "./attempt-errors.ts";
import { blameOf } from "./blame.ts";
import { isLeftOpen } from "./open-outcome.ts";
import {
  delayAfter,
  isFatal,
  isRetriable,
  isTimeout,
  isTransient,
  type RetrySettings,
} from "./retry.ts";

/** Items of a batch, by their index in it. */
export type Members = readonly number[];

/** Calls of a stage for items of a batch, and their consequences. */
export interface Work<R> {
  /** Returns the source items of a failure. */
  itemsOf(members: Members): readonly unknown[];
  /**
   * Returns, for each row passed to the call, the item that it came from: an item may have several rows.
   */
  sourcesOf?(members: Members): Members;
  /** Makes a call for some of the items. */
  call(members: Members, attempt: number): R | PromiseLike<R>;
  /** Receives the result of a successful call. */
  done(members: Members, result: R): unknown;
  /** Resolves with true if the call that has just failed succeeded after its deadline. */
  hasSucceeded?(error: unknown): Promise<boolean>;
  /** Receives an item that is given up on; `errors` are those of all attempts. */
  giveUp(member: number, error: unknown, attempts: number, errors: readonly unknown[]): unknown;
  /** Returns items that are already loaded, if the error says so, as `true`; repeated ones as `false`. */
  deliveredIn?(members: Members, error: unknown): ReadonlyMap<number, boolean> | undefined;
  /** Returns the number of attempts for the items before these calls. */
  earlierAttempts?(members: Members): number;
}

/** Rules for a failed call. */
export interface Policy {
  /** Number and times of further calls. */
  readonly retry: RetrySettings;
  /** True if items may be given up on, as there are dead letters. */
  readonly mayGiveUp: boolean;
  /** True if items are given up on together, as their letters are written together. */
  readonly gathersLetters?: boolean | undefined;
  /** True if a call can be made for a part of the items. */
  readonly isDivisible: boolean;
  /** True if a failed batch is halved until the offending items are isolated. */
  readonly isolates: boolean;
  /** True if a call is slow because of one of its items, and not because a service is down. */
  readonly blamesTimeouts?: boolean;
  /** Most calls for parts of one batch. */
  readonly isolationBudget: number;
}

/** Signal that stops a recovery, and its listener. */
export interface RecoveryListener {
  /** True if no further call may begin. */
  readonly isStopped: boolean;
  /** Aborts when the run does, and ends the delays. */
  readonly signal: AbortSignal;
  /**
   * Called before a delay in milliseconds and another attempt; returns a function to call after the delay.
   */
  onRetry(error: unknown, attempt: number, delay: number): () => void;
}

/** Most timed-out calls of one batch that are halved: enough to find three of 1000 items. */
const maxTimeouts = 32;

/** A call has failed for good, and its items cannot be given up on. */
export class Exhausted {
  /** Error of each attempt; of many attempts, the first and the last ones. */
  readonly errors: readonly unknown[];
  /** Number of attempts. */
  readonly attempts: number;
  /** The items of the call. */
  readonly items: readonly unknown[];
  /** Stage that failed, if it is not the stage of the call itself. */
  readonly stage: FailureStage | undefined;

  /** Describes all attempts of a call. */
  constructor(
    errors: readonly unknown[],
    attempts = 1,
    items: readonly unknown[] = [],
    stage?: FailureStage,
  ) {
    this.errors = errors;
    this.attempts = attempts;
    this.items = items;
    this.stage = stage;
  }
}

/** Returns any failure of a call as `Exhausted`; a `FencedError` is a failure of the checkpoints. */
export function exhaustedBy(error: unknown): Exhausted {
  const failure = isOf(error, Exhausted) ? error : new Exhausted([error]);
  const { errors, attempts, items, stage } = failure;
  if (stage !== undefined || !isOf(errors.at(-1), FencedError)) return failure;
  return new Exhausted(errors, attempts, items, "checkpoints");
}

/** The errors of items. */
type Failures = ReadonlyMap<number, unknown>;

/** Items that share their calls. */
interface Part {
  readonly members: Members;
  readonly attempt: number; // Splitting is not a further attempt.
  readonly errors: readonly unknown[]; // Of the attempts so far; capped, see `withError`.
}

/**
 * Recovers from a failed call: tries again, isolates the offending items, or gives up on them. Rejects
 * with `Exhausted` if nothing can be done.
 *
 * Isolating one item of n by halving takes at most 2·log₂ n further calls. Items keep their order, as
 * the next part is always the first one left.
 */
export class Recovery<R> {
  readonly #work: Work<R>;
  readonly #policy: Policy;
  readonly #listener: RecoveryListener;
  readonly #parts: Part[] = []; // The last one is next.
  #budget: number;
  #timeouts = 0;
  #isCut = false; // The run stopped before all items were given up on.

  /** Creates the recovery of one batch. */
  constructor(work: Work<R>, policy: Policy, listener: RecoveryListener) {
    this.#work = work;
    this.#policy = policy;
    this.#listener = listener;
    this.#budget = policy.isolationBudget;
  }

  /**
   * Recovers from the first call for `members`, if it has failed with `errors`; otherwise makes it.
   * Resolves with true if everything is done, and with false if a stop of the run left items.
   */
  async run(members: Members, ...errors: readonly unknown[]): Promise<boolean> {
    const first = { members, attempt: 1, errors };
    if (errors.length > 0) await this.#face(first);
    else if (members.length > 0) this.#parts.push(first);
    for (let part = this.#parts.pop(); part !== undefined; part = this.#parts.pop()) {
      if (this.#listener.isStopped) return false; // The remaining items are pending.
      let result: R;
      try {
        result = await this.#work.call(part.members, part.attempt);
      } catch (error) {
        await this.#face({ ...part, errors: withError(part.errors, error) });
        continue;
      }
      await this.#work.done(part.members, result);
    }
    return !this.#isCut;
  }

  /** Decides the fate of a part whose call has failed. */
  async #face(part: Part): Promise<void> {
    const { members, errors } = part;
    const error = errors.at(-1);
    const { mayGiveUp, isDivisible, isolates, blamesTimeouts } = this.#policy;
    if (isOf(error, Exhausted)) throw error; // A step that a call needs has failed.
    if (this.#listener.isStopped || isFatal(error)) throw this.#exhausted(part);
    const delivered = this.#work.deliveredIn?.(members, error);
    if (delivered) {
      // After the others are settled, so that the load sees whether the first of each is stored.
      this.#add(part, members.filter((member) => delivered.get(member) === false));
      return await this.#exclude(part, delivered, []);
    }
    const mayDivide = isDivisible && members.length > 1;
    if (isOf(error, SplitError) && mayDivide) return this.#halve(part);
    if (this.#asks(part, isRetriable)) return await this.#retry(part);
    // An item that may be loaded is not a dead letter: the next run finds its mark, or loads it.
    if (!mayGiveUp || isLeftOpen(error)) throw this.#exhausted(part);
    if (await this.#work.hasSucceeded?.(error)) {
      return void await this.#work.done(members, undefined as R);
    }
    const blamed = this.#namedBy(blameOf(error), members);
    if (blamed && blamed.size < members.length) {
      await this.#exclude(part, blamed, []); // The others are loaded: a call counts them.
      return await this.#face({ ...part, members: [...blamed.keys()] });
    }
    const named = this.#namedBy(isOf(error, BatchError) ? error : undefined, members);
    if (named !== undefined && this.#mayCall(+(named.size < members.length))) {
      return await this.#exclude(part, named);
    }
    const isSlow = mayDivide && blamesTimeouts && isTimeout(error) &&
      this.#timeouts++ < maxTimeouts;
    const mayIsolate = isolates && mayDivide && (isSlow || !this.#asks(part, isTransient));
    if (mayIsolate && this.#mayCall(2)) return this.#halve(part);
    await this.#giveUp(members.map((member) => [member, error] as const), part);
  }

  /** Asks about the last error. The user's `isRetriable`, which may be called, must not hide it. */
  #asks(part: Part, ask: typeof isRetriable): boolean {
    const { members, errors, attempt } = part;
    try {
      const all = attempt + (this.#work.earlierAttempts?.(members) ?? 0);
      return ask(errors.at(-1), all, this.#policy.retry);
    } catch (thrown) {
      throw this.#exhausted({ ...part, errors: withThrown(errors, thrown) });
    }
  }

  /** Gives up on items one by one, or together; not on those left when the run is stopped. */
  async #giveUp(
    failed: readonly (readonly [member: number, error: unknown])[],
    { attempt, errors }: Part,
  ): Promise<void> {
    const losses: unknown[] = [];
    for (const [member, error] of failed) {
      this.#isCut ||= this.#listener.isStopped;
      if (this.#isCut) break;
      const loss = this.#work.giveUp(member, error, attempt, errors);
      if (this.#policy.gathersLetters) losses.push(loss);
      else await loss;
    }
    for (const loss of await Promise.allSettled(losses)) {
      if (loss.status === "rejected") throw loss.reason; // The outcome of the others is known.
    }
  }

  #mayCall(calls: number): boolean {
    if (this.#budget < calls) return false;
    this.#budget -= calls;
    return true;
  }

  #exhausted({ members, attempt, errors }: Part): Exhausted {
    return new Exhausted(errors, attempt, this.#work.itemsOf(members));
  }

  async #retry(part: Part): Promise<void> {
    const { members, attempt, errors } = part;
    const error = errors.at(-1);
    const delay = delayAfter(attempt, error, this.#policy.retry);
    const onResume = this.#listener.onRetry(error, attempt, delay);
    await sleep(delay, this.#listener.signal);
    onResume();
    if (this.#listener.isStopped) throw this.#exhausted(part);
    this.#parts.push({ members, attempt: attempt + 1, errors });
  }

  /** Gives up on the items that a load has named, and loads the rest. */
  async #exclude(
    part: Part,
    failures: Failures,
    givenUp: Iterable<readonly [number, unknown]> = failures,
  ): Promise<void> {
    await this.#giveUp([...givenUp], part);
    this.#add(part, part.members.filter((member) => !failures.has(member)));
  }

  /** Queues some items of a part as the next call. */
  #add(part: Part, members: Members): void {
    if (members.length > 0) this.#parts.push({ ...part, members, errors: [] });
  }

  /**
   * Returns the items that a load has named by their rows, each with the error of its first row, copied
   * once, as the user's map may change or be invalid. `undefined` if there are none, or a row is unknown.
   */
  #namedBy(
    error: { readonly failures: Failures } | undefined,
    members: Members,
  ): Failures | undefined {
    if (error === undefined) return undefined;
    const sources = this.#work.sourcesOf?.(members) ?? members;
    const seen = new Set<number>();
    const named = new Map<number, unknown>();
    try {
      for (const [row, cause] of error.failures) {
        const member = typeof row === "number" ? sources[row] : undefined;
        if (member === undefined || seen.has(row)) return undefined; // Unknown, or repeated without end.
        seen.add(row);
        if (!named.has(member)) named.set(member, cause);
      }
    } catch {
      return undefined; // It is reported like any other error.
    }
    return this.#policy.isDivisible && named.size > 0 ? named : undefined;
  }

  #halve(part: Part): void {
    const middle = part.members.length >> 1;
    this.#add(part, part.members.slice(middle));
    this.#add(part, part.members.slice(0, middle));
  }
}
