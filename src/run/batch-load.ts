import { isOf } from "../errors.ts";
import { deliveredIn } from "../checkpoints/deliveries.ts";
import { commitsTo, type DoneRange, type FinishedCounts } from "../checkpoints/checkpoint.ts";
import { sleep, withDeadline } from "../runtime/deadline.ts";
import { beginCall, callIn, type LoadCall, makeCall, withCall } from "../checkpoints/load-call.ts";
import { isLeftOpen } from "../retry/open-outcome.ts";
import { Exhausted, type Members, type Work } from "../retry/recovery.ts";
import { onAbort } from "../runtime/signals.ts";
import { isThenable } from "../runtime/thenable.ts";
import { type Batch, type LoadSteps, type NextStep, progressOf } from "./batch.ts";
import { rangesFor } from "./batch-ranges.ts";
import { recoveryOf } from "./batch-recovery.ts";
import { type BatchInfo, type LoadContext, loadContextOf } from "../pipeline/pipeline.ts";
import { type GivenUp, giveUp } from "./give-up.ts";
import { earlierAttempts, isTold, type RunContext } from "./run-context.ts";

/** Items that a load finishes, by their index and offsets. */
interface Finish {
  readonly indices: Members | undefined; // `undefined`: all of the batch.
  readonly ranges: readonly DoneRange[];
  readonly counts: FinishedCounts;
}

/**
 * Brings one batch to its load: within the rate limit, in as many attempts as may be, in parts where
 * it has to be; then tells the checkpoint and the source what is finished.
 */
export class BatchLoad<E, T> implements LoadSteps<E, T>, Work<unknown> {
  readonly #run: RunContext<E, T>;
  readonly #batch: Batch<E, T>;
  #rest: number[]; // Finished without a load, and not reported yet.
  #skipped: number; // Items that the transform left out, which do not count yet.
  #finish: Finish | undefined; // Of the call that runs.
  #count = 0; // Rows of the call that runs.
  #mark: LoadCall | undefined; // Of the call that runs: what it commits.
  #abandoned: unknown; // The call that was abandoned at its deadline, where a mark tells how it ends.
  #step: "first" | "acknowledge" | "recover" | "finish"; // What `run` does.
  #acknowledged: unknown; // The call of `acknowledge`.
  #error: unknown; // Of the first call.
  #hasPending = false; // The run was stopped before all was done.

  /** Makes the load of a batch; nothing begins before `run`. */
  constructor(run: RunContext<E, T>, batch: Batch<E, T>) {
    const { items, rows, givenUp = [], returned = [] } = batch;
    this.#run = run;
    this.#batch = batch;
    this.#step = rows.count === 0 ? "finish" : "first";
    const rest = rows.itemsWithout(items.length);
    this.#rest = returned.length > 0 ? rest.filter((index) => !returned.includes(index)) : rest;
    this.#skipped = this.#rest.length - givenUp.length;
  }

  /**
   * Makes the first call for the batch, whose promise it gives as it is; later what is left to do,
   * which rejects with `Exhausted`.
   */
  run(): unknown {
    switch (this.#step) {
      case "first":
        return this.#call(undefined, 1);
      case "acknowledge":
        return this.#acknowledged;
      case "recover":
        return this.#recover(this.#error);
      case "finish":
        return this.#finishRest();
    }
  }

  /** Counts what the first call has loaded, and tells of it: `run` then waits for the source. */
  onSuccess(): NextStep {
    if (this.#step !== "first") return this.#hasPending ? "pending" : "done";
    this.#acknowledged = this.done(undefined);
    if (!isThenable(this.#acknowledged)) return "done";
    this.#step = "acknowledge";
    return "again";
  }

  /** Has `run` recover if it is the first call that has failed. */
  onFailure(_: Batch<E, T>, error: unknown): NextStep {
    if (this.#step !== "first") return "failed";
    this.#error = error;
    this.#step = "recover";
    return "again";
  }

  /** Called by the recovery. */
  call(members: Members, attempt: number): unknown {
    return this.#call(this.#partOf(members), attempt);
  }

  /** Counts what is loaded, and tells of it. Called by the recovery as well. */
  done(_: Members | undefined): unknown {
    const { counts, deadLetterWriter } = this.#run;
    if (this.#run.isOver) return undefined; // It was reported as pending.
    const { loaded } = this.#finish!.counts;
    progressOf(this.#batch).loaded += loaded;
    counts.batches++;
    counts.loaded += loaded;
    counts.rows += this.#count;
    deadLetterWriter?.finished(loaded);
    return this.#tell(this.#finish!, this.#mark?.store !== undefined && this.#mark.isUsed);
  }

  /** Called by the recovery. */
  itemsOf(members: Members): readonly E[] {
    return members.map((member) => this.#batch.items[member]!);
  }

  /** Called by the recovery. */
  sourcesOf(members: Members): Members {
    return this.#batch.rows.sourcesIn(members);
  }

  /** Called by the recovery: a load that was left for its deadline may be at its commit. */
  async hasSucceeded(error: unknown): Promise<boolean> {
    const abandoned = this.#abandoned;
    this.#abandoned = undefined;
    if (!isThenable(abandoned) || !isOf(error, DOMException) || error.name !== "TimeoutError") {
      return false;
    }
    const { settings: { abortTimeout }, context: { signal } } = this.#run;
    let outcome: "loaded" | "failed" | "open" = "open";
    const settled = Promise.resolve(abandoned).then(() => {
      outcome = "loaded";
    }, (late) => {
      if (!isLeftOpen(late)) outcome = "failed";
    });
    const waiting = new AbortController();
    const unfollow = onAbort(signal, (reason) => waiting.abort(reason));
    await Promise.race([settled, sleep(abortTimeout, waiting.signal)]);
    unfollow();
    waiting.abort();
    if (outcome as string === "open") throw new Exhausted([error], 1, this.#batch.items);
    return outcome as string === "loaded";
  }

  /** Called by the recovery: what an earlier delivery has loaded needs no load. */
  deliveredIn(members: Members, error: unknown): ReadonlyMap<number, boolean> | undefined {
    const { idOf } = this.#run.lease ?? {};
    const found = idOf && deliveredIn(members, error, (at) => idOf(this.#batch.items[at]!));
    const there = members.filter((member) => found?.get(member));
    this.#skipped += there.length;
    this.#rest.push(...there);
    return found;
  }

  /** Called by the recovery. */
  earlierAttempts(members: Members): number {
    return earlierAttempts(this.#run, this.itemsOf(members));
  }

  /** Called by the recovery. */
  async giveUp(
    member: number,
    error: unknown,
    attempts: number,
    errors: readonly unknown[],
  ): Promise<void> {
    const [{ pipeline: { transform, transformBatch } }, { rows }] = [this.#run, this.#batch];
    const isMapped = (transform ?? transformBatch) !== undefined;
    const failure: GivenUp = { error, stage: "load", attempts };
    // Whoever has one row is loaded by it again, everybody else is mapped again.
    const own = rows.isDivisible && isMapped ? rows.of([member]) : [];
    const told = own.length === 1 ? { ...failure, row: own[0] } : failure;
    if (await giveUp(this.#run, this.#batch, member, told, errors)) this.#rest.push(member);
  }

  /** The items of a call, where it is not for all that have rows. */
  #partOf(members: Members | undefined): Members | undefined {
    const { isDivisible, itemCount } = this.#batch.rows;
    return isDivisible && members?.length !== itemCount ? members : undefined;
  }

  #call(members: Members | undefined, attempt: number): unknown {
    const { settings: { rateLimit }, context: { signal } } = this.#run;
    const count = members?.length ?? this.#batch.rows.itemCount;
    if (rateLimit === undefined || rateLimit.tryAcquire(count)) return this.#load(members, attempt);
    const onGranted = this.#run.onLimited();
    return rateLimit.acquire(count, { signal }).finally(onGranted).then(() => {
      signal.throwIfAborted(); // It may have aborted in the same turn.
      return this.#load(members, attempt);
    });
  }

  #load(members: Members | undefined, attempt: number): unknown {
    const { pipeline, settings, context, onAbandoned } = this.#run;
    const { attemptTimeout } = settings.retry.load;
    this.#finish = this.#finishOf(members);
    const batch = this.#infoOf(attempt, members);
    // Each call has an array of its own, as it may empty it.
    const { rows: all } = this.#batch;
    const rows = members === undefined ? all.values.slice() : all.of(members);
    this.#count = rows.length;
    const own = loadContextOf(context, batch, this.#run);
    const call = this.#mark = callIn(batch.ranges);
    const make = (told: LoadContext) =>
      call === undefined
        ? pipeline.load(rows, told)
        : makeCall(call, () => pipeline.load(rows, told));
    if (attemptTimeout === Infinity) return make(own);
    const load = (signal: AbortSignal) => {
      const result = make({ ...own, signal });
      if (call?.store !== undefined) this.#abandoned = result; // Its mark tells what has become of it.
      return result;
    };
    // A load that commits its mark heeds its signal, so it settles soon, and may have committed.
    const grace = commitsTo in pipeline.load ? settings.abortTimeout : 0;
    return withDeadline(load, attemptTimeout, context.signal, onAbandoned, grace);
  }

  #infoOf(attempt: number, members: Members | undefined): BatchInfo {
    const { indices, ranges, counts } = this.#finish!;
    const { checkpointWriter, key, pipeline, lease } = this.#run;
    const { info: { sequence, offset: first, size }, rows } = this.#batch;
    const offset = indices === undefined ? first : ranges[0]![0];
    const told = { sequence, offset, size: indices?.length ?? size, attempt };
    if (lease?.idOf) {
      const ids = lease.idsOf(this.itemsOf(members ?? rows.items), rows.isDivisible);
      return { ...told, deliveries: { source: key, ids } };
    }
    if (checkpointWriter === undefined) return told;
    const own = withCall([...ranges], beginCall(pipeline.load)); // The offsets are those of any call.
    return { ...told, key, ranges: own, counts };
  }

  /** Returns the items that these rows finish, with those that needed no load. */
  #finishOf(members: Members | undefined, skipped = this.#skipped): Finish {
    const { rows, returned } = this.#batch;
    const own = returned ? members ?? rows.items : members;
    const indices = own && [...own, ...this.#rest];
    indices?.sort((a, b) => a - b); // A source may treat the last one as the newest.
    const loaded = members?.length ?? this.#batch.rows.itemCount;
    const counts = { loaded, skipped, deadLettered: this.#rest.length - skipped };
    return { indices, ranges: rangesFor(this.#run, this.#batch, indices), counts };
  }

  async #recover(error: unknown): Promise<void> {
    const batch = this.#batch;
    const recovery = recoveryOf(this.#run, batch, "load", batch.rows.isDivisible, this);
    try {
      this.#hasPending = !await recovery.run(batch.rows.items, error);
    } catch (failure) {
      try {
        this.#keepRest();
      } catch {
        // What failed first is told; the next run comes to these items again.
      }
      throw failure;
    }
    await this.#finishRest();
  }

  /** Ends what needs no load. */
  #finishRest(): unknown {
    if (this.#rest.length === 0) return undefined;
    return this.#run.isStopped ? this.#keepRest() : this.#tell(this.#finishOf([]));
  }

  /** Keeps that items were given up on, when nobody is to be called any more. */
  #keepRest(): void {
    const { checkpointWriter } = this.#run;
    // A source that is told of what is finished is to give again what it was not told of.
    if (this.#rest.length === 0 || isTold(this.#run)) return;
    const skipped = this.#skipped;
    this.#countSkipped();
    const { ranges, counts } = this.#finishOf([], skipped);
    checkpointWriter?.finish(ranges, counts);
  }

  #tell({ indices, ranges, counts }: Finish, isMarked = false): unknown {
    const { deadLetterWriter, checkpointWriter } = this.#run;
    deadLetterWriter?.finished(this.#skipped);
    this.#countSkipped();
    this.#rest = [];
    checkpointWriter?.finish(ranges, counts, isMarked);
    if (!isTold(this.#run)) return undefined;
    const { items } = this.#batch;
    return this.#acknowledge(indices?.map((index) => items[index]!) ?? items, ranges);
  }

  #countSkipped(): void {
    this.#run.counts.skipped += this.#skipped;
    progressOf(this.#batch).skipped += this.#skipped;
    this.#skipped = 0;
  }

  async #acknowledge(items: readonly E[], ranges: readonly DoneRange[]): Promise<void> {
    const { pipeline, lease, checkpointWriter } = this.#run;
    const context = { ...this.#run.context, ranges };
    try {
      // What the source is told of is marked before. If it cannot be, the run has failed.
      if (await checkpointWriter?.flush() === false) return;
      await lease?.acknowledge(items, context);
      await pipeline.acknowledge?.(items, context);
    } catch (error) {
      throw new Exhausted([error], 1, [], "checkpoints");
    }
  }
}
