import { blankCheckpoint, type Checkpoint } from "../checkpoints/checkpoint.ts";
import { nowhere, OffsetTracker } from "../checkpoints/offset-tracker.ts";
import { isOf } from "../errors.ts";
import { checkGuarantee } from "../pipeline/guarantee.ts";
import { Chunks } from "../streams/chunks.ts";
import type { Leased } from "../streams/leased.ts";
import { firstMalformed, isMalformed, type MalformedItem } from "../streams/malformed-mark.ts";
import type { SourceBatcher } from "../streams/source-batcher.ts";
import { SourceFailure } from "../streams/read-loops.ts";
import { type ReadEnd, SourceReader } from "../streams/source-reader.ts";
import type { Guarantee } from "../report-types.ts";
import type { Source } from "../streams/source.ts";
import { type Batch, batchOf } from "./batch.ts";
import type { PipelineContext } from "../pipeline/pipeline.ts";
import { type Failure, failureIn } from "./failures.ts";
import { type FlowListener, mayGiveUp, type RunContext } from "./run-context.ts";
import { SourceRetry } from "./source-retry.ts";
import { setTimer } from "../runtime/timer.ts";

/** Listener that moves on the extracted items. */
export interface ExtractionListener {
  /** The source is read on, after a wait or after what was left to do for a batch. */
  onGoOn(): void;
  /** The time of the budget is up: `pauses` is to be asked. */
  onTimeUp(): void;
  /** Nothing more comes; an error is told to `onFailure` before. */
  onEnd(isFailed: boolean): void;
}

/**
 * The source of a run, from the call of `extract` until it has let go of what it holds, and the
 * numbers of what came from it.
 */
export class Extraction<E, T> {
  readonly #run: RunContext<E, T>;
  readonly #batcher: SourceBatcher<E>;
  readonly #listener: FlowListener;
  readonly #flow: ExtractionListener;
  /** `extract` has been called, and its source has not ended. */
  isRunning = false;
  /** Result of `extract`, or the stream or iterable in its `chunks`. */
  source: object = {};
  /** Batches made so far. */
  batches = 0;
  /** Guarantee to which the source weakens that of the options. */
  guarantee: Guarantee | undefined;
  readonly #retry: SourceRetry<E, T>;
  #isTimeUp = false; // That of the budget.
  #stopTimer = () => {};
  #opening: Promise<void> | undefined; // Begins to read, now or after a wait.
  #isAsked = false; // `extract` was called, and has given nothing yet.
  #read: Checkpoint | undefined; // What the source was opened after, where it was opened again.
  #reader: SourceReader<E> | undefined;
  #cancellation: { readonly reason: unknown } | undefined;
  #cancelled: Promise<void> | undefined;
  #offsets: OffsetTracker | undefined; // Where it matters which items of the source they are.
  #offset = 0; // Items that are in batches.

  /** Makes it for a run, whose items go into `batcher`; nothing is read before `start`. */
  constructor(
    run: RunContext<E, T>,
    batcher: SourceBatcher<E>,
    listener: FlowListener,
    flow: ExtractionListener,
  ) {
    this.#run = run;
    this.#retry = new SourceRetry(run);
    this.#batcher = batcher;
    this.#listener = listener;
    this.#flow = flow;
  }

  /** There is a source, and its reader does something else than to read. */
  get isPaused(): boolean {
    return this.isRunning && this.#reader?.isReading === false;
  }

  /** Items read from the source. */
  get extracted(): number {
    return this.#reader?.extracted ?? this.#batcher.accepted;
  }

  /** The items to expect, where the source can tell. */
  get total(): number | undefined {
    return this.#reader?.total;
  }

  /** Begins: asks for the source and reads it. What fails is told to the listener. */
  start(): void {
    const { begin, settings: { budget } } = this.#run;
    const left = begin + (budget?.duration ?? Infinity) - performance.now();
    this.#stopTimer = setTimer(Math.max(0, left), () => {
      this.#isTimeUp = true;
      this.#flow.onTimeUp();
    });
    this.#opening = this.#open();
  }

  /**
   * Has the run stop if its budget is used up; tells whether it did, as there may be a batch then. To be
   * asked when one may have closed, so that nothing is paid for an item. The first one is always waited
   * for: what a run skips, and the time that this takes, brings it no further.
   */
  pauses(): boolean {
    const { budget } = this.#run.settings;
    if (budget === undefined || !this.isRunning) return false;
    const { accepted, batches: { length } } = this.#batcher;
    const closed = this.batches + length - 1; // The last one is still open.
    const { items = Infinity, batches = Infinity } = budget;
    const isUsedUp = this.#isTimeUp || accepted >= items || closed >= batches;
    return isUsedUp && closed > 0 && this.#listener.onUsedUp();
  }

  /**
   * Makes a batch of items that were taken from the bucket. One that its source could not read is among
   * them where there are dead letters; else it ends the source, and gives no batch if nothing comes
   * before it.
   */
  batchOf(items: E[], batchedAt: number): Batch<E, T> | undefined {
    const place = firstMalformed(items);
    if (place >= 0 && !mayGiveUp(this.#run)) {
      this.#failAt(items[place] as MalformedItem);
      items.length = this.#run.settings.onError === "flush" ? place : 0;
    }
    const size = items.length;
    if (size === 0) return undefined;
    if (this.#run.settings.position !== undefined) this.#retry.take(items);
    const ranges = this.#offsets?.take(size) ?? nowhere;
    const offset = ranges[0]?.[0] ?? this.#offset;
    const info = { sequence: this.batches++, offset, size, attempt: 1 };
    this.#offset += size;
    return batchOf(items, info, ranges, batchedAt, malformedIn(items, place));
  }

  /** Cancels the source. What was read is still put in, unless `isHalted`. */
  cancel(reason: unknown, isHalted: boolean): void {
    this.#cancellation ??= { reason };
    this.#retry.stop();
    const stopped = this.#reader?.stop(reason, isHalted);
    this.#cancelled ??= stopped?.catch((error) => this.#fail(error));
    if (this.#reader === undefined) this.#finish(); // Nothing comes from it any more.
  }

  /** Settles when a source that was cancelled has let go; all else is done by then. */
  async release(): Promise<void> {
    const { isStuck, released } = this.#reader ?? {};
    // Only the callbacks' signal can still reach a source that does not let go, or does not come.
    if (isStuck || released !== undefined || this.#isAsked) {
      this.#listener.onUnresponsive(this.#cancellation?.reason);
    }
    await Promise.all([this.#cancelled, released, this.#opening]);
  }

  /** Asks for the source, and again where that has failed and may pass. Never rejects. */
  async #open(before?: Failure): Promise<void> {
    let failure = before;
    while (failure === undefined || !(failure = await this.#retry.next(failure))) {
      try {
        this.#isAsked = true;
        this.#take(await this.#run.pipeline.extract(this.#contextOfExtract()));
        this.#isAsked = false;
        return await this.#begin();
      } catch (error) {
        this.#isAsked = false;
        failure = this.#retry.failure(error, this.extracted);
        if (this.#cancellation !== undefined) return this.#finish(failure);
      }
    }
    if (this.#cancellation === undefined) this.#finish(failure);
  }

  /** Context of `extract`: if it was called before, the items read by now count as finished. */
  #contextOfExtract(): PipelineContext {
    const { context } = this.#run;
    if (this.#offsets === undefined) return context;
    const { accepted, batches } = this.#batcher;
    this.#read = this.#retry.checkpoint(batches.flat(), this.#offsets.offsetAfter(accepted));
    return accepted === 0 ? context : { ...context, checkpoint: this.#read };
  }

  /**
   * Takes the source, and learns what of it is finished.
   * @throws {ConfigurationError} If it is no source, or a stream that somebody else reads.
   */
  #take(given: Source<E> | Leased<E>): void {
    const { pipeline, settings, settings: { resume }, checkpointWriter } = this.#run;
    const lease = (given as Partial<Leased<E>> | undefined)?.lend?.();
    if (lease !== undefined) {
      this.#run.lease = lease;
      this.#run.isPlain = false;
    }
    if (!this.#run.isPlain) {
      const found = checkpointWriter?.checkpoint ?? blankCheckpoint;
      this.#offsets ??= new OffsetTracker(found, resume === "source");
    }
    if (this.#read !== undefined) this.#offsets?.reopen(this.#read, resume === "source");
    const use = [`run pipeline "${pipeline.name}"`, "extract", "a function that returns "] as const;
    const { checkpoint: found } = this.#run.context;
    const checking = lease ?? (given as Partial<Chunks<E>> | undefined);
    this.guarantee = checking?.checkTerms?.(use[0], settings, found, pipeline);
    if (lease === undefined) checkGuarantee(use[0], settings, pipeline, false);
    const source = lease?.open(use) ?? given as Source<E>;
    const { onGoOn } = this.#flow;
    const listener = { onGoOn, onEnd: (end: ReadEnd) => this.#end(end) };
    const finished = (checkpointWriter ?? this.#read) && this.#offsets;
    this.source = isOf(source, Chunks) ? source.source : source;
    this.#reader = new SourceReader(source, this.#batcher, listener, use, finished);
  }

  /** Begins to read; a source that has come too late is cancelled. */
  async #begin(): Promise<void> {
    if (this.#cancellation === undefined) {
      this.#opening = undefined;
      return void this.#reader!.start(); // The source may be cancelled before this returns.
    }
    this.cancel(this.#cancellation.reason, true);
    await this.#cancelled;
    const { isOver, lease, context } = this.#run;
    if (isOver) await Promise.resolve(lease?.release(context)).finally(() => lease?.close());
  }

  #failAt({ cause }: MalformedItem): void {
    this.#batcher.discard();
    this.#fail(cause);
    this.cancel(cause, true);
  }

  #end(end: ReadEnd): void {
    if (!(end instanceof SourceFailure)) {
      return this.#finish(end && failureIn("extract", end.error));
    }
    const failure = this.#retry.failure(end.error, this.extracted);
    const { maxAttempts } = this.#run.settings.retry.extract;
    if (maxAttempts === 1 || this.#cancellation !== undefined) return this.#finish(failure);
    this.#reader = undefined;
    this.#opening = this.#open(failure);
  }

  #finish(failure?: Failure): void {
    if (failure !== undefined) this.#listener.onFailure(failure);
    this.#stopTimer();
    if (!this.isRunning) return;
    this.isRunning = false;
    this.#flow.onEnd(failure !== undefined);
  }

  #fail(error: unknown): void {
    this.#listener.onFailure(failureIn("extract", error));
  }
}

/** Which items their source could not read, of whom the first is at `place`. */
function malformedIn(items: readonly unknown[], place: number): ReadonlySet<number> | undefined {
  if (place < 0 || place >= items.length) return undefined;
  return new Set([...items.keys()].filter((index) => isMalformed(items[index])));
}
