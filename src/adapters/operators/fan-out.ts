import { checkLoadContext } from "../../checkpoints/load-context.ts";
import { declareLoad } from "../../checkpoints/sink-loads.ts";
import { isRunOn } from "../../checkpoints/load-call.ts";
import { isOf } from "../../errors.ts";
import { fail, inWords } from "../../options.ts";
import type { LoadContext } from "../../pipeline/pipeline.ts";
import { onAbort } from "../../runtime/signals.ts";
import { isThenable } from "../../runtime/thenable.ts";
import type { Branch, Share } from "./branch.ts";
import { blaming, type BranchFailure, type CallEnd, failureOf, namedIn } from "./branch-failure.ts";
import type { Ticket } from "./lag.ts";
import { RunsAtWork } from "./runs-at-work.ts";

/** Splits the rows of a call by branch; branches without rows are left out. */
export type Split = (rows: readonly unknown[]) => readonly Share[];

/** The load of a pipeline with branches. */
export interface BranchedLoad<T> {
  /** Passes the rows to the branches, and settles when all of them have loaded theirs. */
  (rows: T[], context: LoadContext): unknown;
  /** Number of items in a batch, unless the run options set it: the largest that a branch prefers. */
  readonly batchSize?: number;
}

/** Makes one load of several. */
export function fanOut<T>(
  branches: readonly Branch[],
  split: Split,
  lag: number = Infinity,
): BranchedLoad<T> {
  const out = new FanOut(branches, split, lag);
  const load = (rows: T[], context: LoadContext) => out.load(rows, context);
  const { marking } = out;
  if (marking?.store !== undefined) declareLoad(marking.store, load);
  const sizes = branches.flatMap(({ batchSize }) => batchSize ?? []);
  if (sizes.length > 0) Object.assign(load, { batchSize: Math.max(...sizes) });
  const weak = branches.filter((branch) => branch !== marking).map(({ name }) => inWords(name));
  if (weak.length > 0) Object.assign(load, { weakness: weaknessOf(weak, out.sinks) });
  return load;
}

/** The part of the load that is not committed with the checkpoint, in words. */
function weaknessOf(weak: readonly string[], sinks: number): string {
  const [first, ...others] = weak;
  const words = [
    ...(others.length > 0 ? [`and ${others.join(" and ")}`] : []),
    ...(sinks > 1 ? ["several tables are one commit by 'tables' of one sink"] : []),
  ];
  return `branch ${first}${words.length > 0 ? ` (${words.join("; ")})` : ""}`;
}

/** Loads by branches, and knows which rows each of them has. */
class FanOut {
  /** The branch that commits the mark of the run together with its rows, after all others. */
  readonly marking: Branch | undefined;
  /** Number of branches that are loads of sinks. */
  readonly sinks: number;
  readonly #branches: ReadonlyMap<string, Branch>;
  readonly #split: Split;
  readonly #runs: RunsAtWork;

  constructor(branches: readonly Branch[], split: Split, lag: number) {
    const sinks = branches.filter(({ store }) => store !== undefined);
    this.sinks = sinks.length;
    this.marking = sinks.length === 1 ? sinks[0] : undefined;
    this.#branches = new Map(branches.map((branch) => [branch.name, branch]));
    this.#split = split;
    this.#runs = new RunsAtWork(lag);
  }

  /** Passes the rows of a call to the branches that lack them. */
  load(rows: readonly unknown[], context: LoadContext): unknown {
    checkLoadContext(context);
    this.#checkStores(context);
    const shares = this.#split(rows);
    const run = this.#runs.of(context);
    const { taken, isFirst } = run.of(context, shares);
    const lacked = isFirst
      ? shares
      : shares.map((share) => taken.lackedOf(share)).filter(({ rows }) => rows.length > 0);
    if (isFirst) tell(context, shares, ({ rows }) => ({ given: rows.length }));
    else tell(context, lacked, () => ({ retries: 1 }));
    const onTaken = (share: Share) => {
      taken.took(share);
      tell(context, [share], ({ rows }) => ({ loaded: rows.length }));
    };
    const call = new FanOutCall(this.#branches, this.marking, context, onTaken);
    const onEnd = (end: CallEnd) => {
      if (end.failures.length > 0) throw failureOf(end);
      if (!isFirst) taken.settle(shares);
      if (isFirst || taken.isOver) run.forget(context);
    };
    const ticket = run.lag?.enter(lacked.map(({ name }) => name));
    const ended = call.run(lacked, ticket);
    return isThenable(ended) ? ended.then(onEnd) : onEnd(ended);
  }

  /** Rejects branches that look like one commit: the checkpoints belong to only one of several sinks. */
  #checkStores({ runId, batch: { key } }: LoadContext): void {
    if (this.sinks < 2 || key === undefined) return;
    for (const { name, store } of this.#branches.values()) {
      if (store === undefined || !isRunOn(store, runId)) continue;
      const rule =
        "in another store if the branches are loads of several sinks (or write several " +
        "tables with 'tables' or 'write' of one sink, in one commit)";
      fail("load rows", "checkpoints", rule, `those of branch "${name}"`);
    }
  }
}

function tell(
  { branched }: LoadContext,
  shares: readonly Share[],
  countsOf: (share: Share) => Readonly<Record<string, number>>,
): void {
  if (shares.length === 0) return;
  branched?.(Object.fromEntries(shares.map((share) => [share.name, countsOf(share)])));
}

/** One call of a load with branches. */
class FanOutCall {
  readonly #branches: ReadonlyMap<string, Branch>;
  readonly #marking: Branch | undefined;
  readonly #context: LoadContext;
  readonly #onTaken: (share: Share) => void;
  readonly #failures: BranchFailure[] = [];
  readonly #running = new Set<Share>();
  #unbegun: readonly { readonly share: Share }[] = []; // What waits for all others.
  #isLate = false; // Nobody waits for its end.

  constructor(
    branches: ReadonlyMap<string, Branch>,
    marking: Branch | undefined,
    context: LoadContext,
    onTaken: (share: Share) => void,
  ) {
    this.#branches = branches;
    this.#marking = marking;
    this.#context = context;
    this.#onTaken = onTaken;
  }

  /** Calls the branches, and returns, or promises, what they lack once all of them have settled. */
  run(shares: readonly Share[], ticket: Ticket | undefined): CallEnd | Promise<CallEnd> {
    const isLast = ({ name }: Share) => name === this.#marking?.name;
    const begin = (share: Share) => this.#begin(share, ticket);
    const last = shares.find(isLast);
    this.#unbegun = last === undefined ? [] : [{ share: last }];
    const pending = shares.filter((share) => !isLast(share)).flatMap((share) => begin(share) ?? []);
    const finish = () => {
      // Its mark says that all is loaded; and once it was told to be lacking it has to be.
      if (last === undefined || this.#failures.length > 0) return undefined;
      this.#unbegun = [];
      if (this.#isLate) return this.#fail(last, this.#context.signal!.reason);
      return begin(last);
    };
    const end = (): CallEnd => {
      ticket?.leave();
      return { failures: this.#failures, unbegun: this.#unbegun };
    };
    if (pending.length === 0) {
      const finished = finish();
      return finished === undefined ? end() : this.#watched(finished.then(end), ticket);
    }
    return this.#watched(Promise.all(pending).then(finish).then(end), ticket);
  }

  #begin(share: Share, ticket: Ticket | undefined): Promise<void> | undefined {
    this.#running.add(share);
    if (ticket === undefined) return this.#call(share);
    const begun = ticket.begin(share.name, this.#context.signal);
    const call = () => {
      const called = this.#call(share);
      if (called === undefined) ticket.done(share.name);
      return called?.then(() => ticket.done(share.name));
    };
    if (begun === undefined) return call();
    return begun.then(call, (error) => this.#fail(share, error));
  }

  #call(share: Share): Promise<void> | undefined {
    const branch = this.#branches.get(share.name)!;
    const context = branch === this.#marking ? this.#context : withoutMark(this.#context);
    const fail = (error: unknown) => this.#face(share, error, branch !== this.#marking);
    try {
      // Each has an array of its own, as it may empty it.
      const result = branch.load(share.rows.slice(), context);
      if (isThenable(result)) return Promise.resolve(result).then(() => this.#take(share), fail);
      this.#take(share);
    } catch (error) {
      return fail(error);
    }
    return undefined;
  }

  /**
   * Passes all other rows at once to a branch that named its bad rows, so that failures of another branch
   * do not hold them back. Not if the branch marks, as its mark would include the bad rows.
   */
  #face(share: Share, error: unknown, mayGoOn: boolean): Promise<void> | undefined {
    const named = namedIn(share, error);
    if (named === undefined) return this.#fail(share, error);
    this.#running.delete(share);
    this.#failures.push(named.bad);
    if (named.rest.rows.length === 0 || !mayGoOn || this.#context.signal?.aborted) return undefined;
    this.#running.add(named.rest);
    return this.#call(named.rest);
  }

  #take(share: Share): void {
    this.#running.delete(share);
    this.#onTaken(share);
  }

  #fail(share: Share, error: unknown): undefined {
    this.#running.delete(share);
    this.#failures.push({ share, error });
  }

  /**
   * Rejects at once with the error of the deadline, which must say by then what is lacking. Other batches
   * also stop waiting for the call.
   */
  #watched<R>(settled: Promise<R>, ticket: Ticket | undefined): Promise<R> {
    const unfollow = onAbort(this.#context.signal, (reason) => {
      if (!isOf(reason, DOMException) || reason.name !== "TimeoutError") return;
      this.#isLate = true;
      const running = [...this.#running].map((share) => ({ share }));
      const lacking = [...running, ...this.#failures, ...this.#unbegun];
      if (lacking.length > 0) blaming(reason, lacking, lacking[0]!.share.places);
      ticket?.leave();
    });
    return settled.finally(unfollow);
  }
}

/** Returns the context of a branch without the mark: the branch has only a part of those items. */
function withoutMark(context: LoadContext): LoadContext {
  const { sequence, offset, size, attempt } = context.batch;
  return { ...context, batch: { sequence, offset, size, attempt } };
}
