import { checkOptions } from "../../../src/options.ts";
import { type Members, type Policy, Recovery, type Work } from "../../../src/retry/recovery.ts";
import { type RetryOptions, retryOptions } from "../../../src/retry/retry.ts";

/** One call that was made: for which items, and which attempt it was. */
export interface RecordedCall {
  readonly members: Members;
  readonly attempt: number;
}

/** An item that was given up on. */
export interface Loss {
  readonly member: number;
  readonly error: unknown;
  readonly attempts: number;
}

/** What may be done, with defaults: dead letters, bisection, one attempt. */
export function policyWith({ retry, ...more }: Partial<Omit<Policy, "retry">> & {
  retry?: RetryOptions;
} = {}): Policy {
  return {
    retry: checkOptions<RetryOptions, "isRetriable">("recover", retry ?? {}, retryOptions),
    mayGiveUp: true,
    isDivisible: true,
    isolates: true,
    isolationBudget: 1000,
    ...more,
  };
}

/** The load of a batch of numbers, which records what becomes of each. */
export class RecoveryWork implements Work<unknown> {
  /** All calls, the first one of the batch included. */
  readonly calls: RecordedCall[] = [];
  /** The items of calls that succeeded, in order. */
  readonly loaded: number[] = [];
  /** The items that were given up on, in order. */
  readonly lost: Loss[] = [];
  /** No further call may begin. */
  isStopped = false;
  /** Aborts when it is stopped. */
  readonly abort: AbortController = new AbortController();
  /** Every retry, with its delay in milliseconds. */
  readonly retries: unknown[][] = [];
  /** Delays that have begun and not ended. */
  resting = 0;
  readonly #load: (members: Members, attempt: number) => unknown;

  constructor(load: (members: Members, attempt: number) => unknown) {
    this.#load = load;
  }

  /** The item of each row, where a test gives an item several of them. */
  sourcesOf?: (members: Members) => Members;

  itemsOf(members: Members): readonly unknown[] {
    return members.map((member) => `item ${member}`);
  }

  call(members: Members, attempt: number): unknown {
    this.calls.push({ members, attempt });
    return this.#load(members, attempt);
  }

  done(members: Members): void {
    this.loaded.push(...members);
  }

  giveUp(member: number, error: unknown, attempts: number): void {
    this.lost.push({ member, error, attempts });
  }

  /** Loads a batch of `size` items, and recovers where that fails. */
  async run(size: number, policy: Policy = policyWith()): Promise<this> {
    const members = Array.from({ length: size }, (_, n) => n);
    const isStopped = () => this.isStopped;
    const listener = {
      get isStopped() {
        return isStopped();
      },
      signal: this.abort.signal,
      onRetry: (...told: unknown[]) => {
        this.retries.push(told);
        this.resting++;
        return () => void this.resting--;
      },
    };
    try {
      await this.call(members, 1);
    } catch (error) {
      await new Recovery(this, policy, listener).run(members, error);
      return this;
    }
    this.done(members);
    return this;
  }

  /** The items that were given up on. */
  get lostMembers(): number[] {
    return this.lost.map(({ member }) => member);
  }
}

/** A load that fails as long as one of these items is in it. */
export function poisonedBy(
  poisons: readonly number[],
  error: (members: Members) => unknown = () => new Error("poison"),
): (members: Members) => void {
  return (members) => {
    if (members.some((member) => poisons.includes(member))) throw error(members);
  };
}
