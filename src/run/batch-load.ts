import { isOf } from "../errors.ts";
import { commitsTo, type DoneRange } from "../checkpoints/checkpoint.ts";
import { sleep, withDeadline } from "../runtime/deadline.ts";
import { beginCall, callIn, makeCall, withCall } from "../checkpoints/load-call.ts";
import { isLeftOpen } from "../retry/open-outcome.ts";
import { Exhausted, type Members, type Work } from "../retry/recovery.ts";
import { onAbort } from "../runtime/signals.ts";
import { skip } from "../streams/skip.ts";
import { isThenable } from "../runtime/thenable.ts";
import type { Batch, Loading } from "./batch.ts";
import { rangesFor } from "./batch-ranges.ts";
import { recoveryOf } from "./batch-recovery.ts";
import { type BatchInfo, type LoadContext, loadContextOf } from "../pipeline/pipeline.ts";
import { type GivenUp, giveUp } from "./give-up.ts";
import type { RunContext } from "./run-context.ts";

/** What a load gives that was stopped half-way: the rest of its items is pending. */
export const unfinished: unique symbol = Symbol("unfinished");

/** What a load is to finish: items by their index, and their places in the source. */
interface Finish {
  readonly indices: Members | undefined; // `undefined`: all of the batch.
  readonly ranges: readonly DoneRange[];
}

/**
 * Brings one batch to its load: within the rate limit, in as many attempts as may be, in parts where
 * it has to be; then tells the checkpoint and the source what is finished.
 */
export class BatchLoad<E, T> implements Loading<E, T>, Work<unknown> {
  readonly #run: RunContext<E, T>;
  readonly #batch: Batch<E, T>;
  readonly #origins: Members | undefined; // The item of each row, where it is not the row's own.
  #rest: number[] = []; // Finished without a load, which nobody was told of yet.
  #skipped: number; // Items that the transform left out, which do not count yet.
  #finish: Finish | undefined; // Of the call that runs.
  #abandoned: unknown; // The call that was left for its deadline, where a mark tells how it ends.
  #next: (() => unknown) | undefined; // What `run` does once the first call has settled.

  /** Makes the load of a batch; nothing begins before `run`. */
  constructor(run: RunContext<E, T>, batch: Batch<E, T>) {
    const { items, rows, results, givenUp, isDivisible } = batch;
    const left = items.length - givenUp.length;
    this.#run = run;
    this.#batch = batch;
    if (!isDivisible) this.#rest = rows.length === 0 ? indicesOf(items) : [...givenUp];
    else if (results !== undefined && rows.length < results.length) {
      const isSkipped = (index: number) => results[index] === skip;
      this.#rest = indicesOf(results).filter(isSkipped);
      this.#origins = indicesOf(results).filter((index) => !isSkipped(index));
    }
    this.#skipped = Math.max(0, left - rows.length);
  }

  /**
   * Makes the first call for the batch, whose promise it gives as it is; later what is left to do,
   * which gives `unfinished` if the run was stopped before all was done, and rejects with `Exhausted`.
   */
  run(): unknown {
    if (this.#batch.rows.length === 0) this.#next = () => this.#finishRest();
    return this.#next === undefined ? this.#call(undefined, 1) : this.#next();
  }

  /** Counts what the first call has loaded, and tells of it: `run` then waits for the source. */
  succeeded(): boolean {
    if (this.#next !== undefined) return false;
    const told = this.done(undefined);
    if (isThenable(told)) this.#next = () => told;
    return this.#next !== undefined;
  }

  /** Has `run` recover if it is the first call that has failed. */
  failed(_: Batch<E, T>, error: unknown): boolean {
    if (this.#next !== undefined) return false;
    this.#next = () => this.#recover(error);
    return true;
  }

  /** Called by the recovery. */
  call(members: Members, attempt: number): unknown {
    return this.#call(members.length === this.#batch.rows.length ? undefined : members, attempt);
  }

  /** Counts what is loaded, and tells of it. Called by the recovery as well. */
  done(members: Members | undefined): unknown {
    const { rows, items, givenUp } = this.#batch;
    const { counts, deadLetterWriter } = this.#run;
    const loaded = Math.min(members?.length ?? rows.length, items.length - givenUp.length);
    if (this.#run.isOver) return undefined; // It was reported as pending.
    counts.batches++;
    counts.loaded += loaded;
    deadLetterWriter?.finished(loaded);
    return this.#tell(this.#finish!);
  }

  /** Called by the recovery. */
  itemsOf(members: Members): readonly E[] {
    const { items, isDivisible } = this.#batch;
    return isDivisible ? members.map((member) => items[this.#originOf(member)]!) : items;
  }

  /** Called by the recovery: a load that was left for its deadline may be at its commit. */
  async hasSucceeded(error: unknown): Promise<boolean> {
    const left = this.#abandoned;
    this.#abandoned = undefined;
    if (!isThenable(left) || !isOf(error, DOMException) || error.name !== "TimeoutError") {
      return false;
    }
    const { settings: { abortTimeout }, context: { signal } } = this.#run;
    let outcome: "loaded" | "failed" | "open" = "open";
    const settled = Promise.resolve(left).then(() => void (outcome = "loaded"), (late) => {
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

  /** Called by the recovery. */
  async giveUp(member: number, error: unknown, attempts: number): Promise<void> {
    const { rows, isDivisible, items, givenUp } = this.#batch;
    const failure = { error, stage: "load", attempts } as const;
    if (isDivisible) {
      const { transform, transformBatch } = this.#run.pipeline;
      const isMapped = (transform ?? transformBatch) !== undefined;
      await this.#giveUp(this.#originOf(member), {
        ...failure,
        ...(isMapped && { row: rows[member] }),
      });
    } else if (member === 0) { // Which item a row comes from nobody knows: they all go with the first.
      this.#skipped = 0;
      const gone = new Set(givenUp);
      const left = indicesOf(items).filter((index) => !gone.has(index));
      for (const index of left) {
        if (!this.#run.isStopped) await this.#giveUp(index, failure);
      }
    }
  }

  async #giveUp(index: number, failure: GivenUp): Promise<void> {
    await giveUp(this.#run, this.#batch, index, failure);
    this.#rest.push(index);
  }

  #call(members: Members | undefined, attempt: number): unknown {
    const { settings: { rateLimit }, context: { signal } } = this.#run;
    const { rows, info } = this.#batch;
    const count = Math.min(members?.length ?? rows.length, info.size);
    if (rateLimit === undefined || rateLimit.tryAcquire(count)) return this.#load(members, attempt);
    const onGranted = this.#run.onLimited();
    return rateLimit.acquire(count, { signal }).finally(onGranted).then(() => {
      signal.throwIfAborted(); // It may have aborted in the same turn.
      return this.#load(members, attempt);
    });
  }

  #load(members: Members | undefined, attempt: number): unknown {
    const { pipeline, settings, context, drift, onAbandoned } = this.#run;
    const { attemptTimeout } = settings.retry.load;
    this.#finish = this.#finishOf(members);
    const batch = this.#infoOf(attempt);
    // Each call has an array of its own, as it may empty it.
    const rows = members?.map((member) => this.#batch.rows[member]!) ?? this.#batch.rows.slice();
    const own = loadContextOf(context, batch, drift);
    const call = callIn(batch.ranges);
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

  #infoOf(attempt: number): BatchInfo {
    const { indices, ranges } = this.#finish!;
    const { checkpointWriter, key, pipeline } = this.#run;
    const { info } = this.#batch;
    const { sequence } = info;
    const offset = indices === undefined ? info.offset : ranges[0]![0];
    const size = indices?.length ?? info.size;
    if (checkpointWriter === undefined) return { sequence, offset, size, attempt };
    const own = withCall([...ranges], beginCall(pipeline.load)); // The places are those of any call.
    return { sequence, offset, size, attempt, key, ranges: own };
  }

  /** What is finished once these rows are loaded: their items, and all that needed no load. */
  #finishOf(members: Members | undefined): Finish {
    const indices = members && [...members.map((member) => this.#originOf(member)), ...this.#rest];
    indices?.sort((a, b) => a - b); // A source may take the last that is told for the newest.
    return { indices, ranges: rangesFor(this.#run, this.#batch, indices) };
  }

  #originOf(member: number): number {
    return this.#origins?.[member] ?? member;
  }

  async #recover(error: unknown): Promise<typeof unfinished | undefined> {
    const batch = this.#batch;
    const recovery = recoveryOf(this.#run, batch, "load", batch.isDivisible, this);
    let isDone: boolean;
    try {
      isDone = await recovery.run(indicesOf(batch.rows), error);
    } catch (failure) {
      try {
        this.#keepRest();
      } catch {
        // What failed first is told; the next run comes to these items again.
      }
      throw failure;
    }
    await this.#finishRest();
    return isDone ? undefined : unfinished;
  }

  /** Ends what needs no load. */
  #finishRest(): unknown {
    if (this.#rest.length === 0) return undefined;
    if (this.#run.isStopped) return this.#keepRest();
    return this.#tell(this.#finishOf([]));
  }

  /** Keeps that items were given up on, when nobody is to be called any more. */
  #keepRest(): void {
    const { counts, checkpointWriter, pipeline } = this.#run;
    // A source that is told of what is finished is to give again what it was not told of.
    if (this.#rest.length === 0 || pipeline.acknowledge !== undefined) return;
    counts.skipped += this.#skipped;
    this.#skipped = 0;
    checkpointWriter?.finish(this.#finishOf([]).ranges);
  }

  #tell({ indices, ranges }: Finish): unknown {
    const { counts, deadLetterWriter, checkpointWriter, pipeline } = this.#run;
    counts.skipped += this.#skipped;
    deadLetterWriter?.finished(this.#skipped);
    this.#skipped = 0;
    this.#rest = [];
    checkpointWriter?.finish(ranges);
    if (pipeline.acknowledge === undefined) return undefined;
    const { items } = this.#batch;
    return this.#acknowledge(indices?.map((index) => items[index]!) ?? items);
  }

  async #acknowledge(items: readonly E[]): Promise<void> {
    const { pipeline, context, checkpointWriter } = this.#run;
    try {
      await checkpointWriter?.flush(); // What the source is told of is marked before.
      await pipeline.acknowledge?.(items, context);
    } catch (error) {
      throw new Exhausted([error], 1, [], "checkpoints");
    }
  }
}

function indicesOf(array: readonly unknown[]): number[] {
  return [...array.keys()];
}
