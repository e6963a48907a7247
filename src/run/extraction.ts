import { blankCheckpoint } from "../checkpoints/checkpoint.ts";
import { nowhere, OffsetTracker } from "../checkpoints/offset-tracker.ts";
import { firstMalformed, isMalformed, type MalformedItem } from "../streams/malformed-mark.ts";
import type { SourceBatcher } from "../streams/source-batcher.ts";
import { type ReadEnd, SourceReader } from "../streams/source-reader.ts";
import type { Source } from "../streams/source.ts";
import { type Batch, batchOf } from "./batch.ts";
import { failureIn } from "./failures.ts";
import type { FlowListener, RunContext } from "./run-context.ts";
import { isFastPath } from "./run-resources.ts";

/** Who moves on what the extraction gives. */
export interface ExtractionListener {
  /** The source is read on, after a wait or after what was left to do for a batch. */
  onGoOn(): void;
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
  /** Batches made so far. */
  batches = 0;
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
    return this.#reader?.extracted ?? 0;
  }

  /** The items to expect, where the source can tell. */
  get total(): number | undefined {
    return this.#reader?.total;
  }

  /**
   * Takes the source, and learns what an earlier run has finished.
   * @throws {ConfigurationError} If it is no source, or a stream that somebody else reads.
   */
  open(source: Source<E>): void {
    const { pipeline, settings, checkpointWriter } = this.#run;
    if (!isFastPath(this.#run)) {
      const checkpoint = checkpointWriter?.checkpoint ?? blankCheckpoint;
      this.#offsets = new OffsetTracker(checkpoint, settings.resume === "source");
    }
    const use = [`run pipeline "${pipeline.name}"`, "extract", "a function that returns "] as const;
    const { onGoOn } = this.#flow;
    const listener = { onGoOn, onEnd: (end: ReadEnd) => this.#end(end) };
    const finished = checkpointWriter && this.#offsets;
    this.#reader = new SourceReader(source, this.#batcher, listener, use, finished);
  }

  /** Begins to read; false if the source has come too late, and is cancelled. */
  start(): boolean {
    if (this.#cancellation !== undefined) {
      this.cancel(this.#cancellation.reason, true);
      return false;
    }
    void this.#reader!.start(); // The source may be cancelled before this returns.
    return true;
  }

  /**
   * Makes a batch of items that were taken from the bucket. One that its source could not read is among
   * them where there are dead letters; else it ends the source, and gives no batch if nothing comes
   * before it.
   */
  batchOf(items: E[], batchedAt: number): Batch<E, T> | undefined {
    const place = firstMalformed(items);
    if (place >= 0 && this.#run.deadLetterWriter === undefined) {
      this.#failAt(items[place] as MalformedItem);
      items.length = this.#run.settings.onError === "flush" ? place : 0;
    }
    const size = items.length;
    if (size === 0) return undefined;
    const ranges = this.#offsets?.take(size) ?? nowhere;
    const offset = ranges[0]?.[0] ?? this.#offset;
    const info = { sequence: this.batches++, offset, size, attempt: 1 };
    this.#offset += size;
    return batchOf(items, info, ranges, batchedAt, malformedIn(items, place));
  }

  /** Cancels the source. What was read is still put in, unless `isHalted`. */
  cancel(reason: unknown, isHalted: boolean): void {
    this.#cancellation ??= { reason };
    const stopped = this.#reader?.stop(reason, isHalted);
    this.#cancelled ??= stopped?.catch((error) => this.#fail(error));
    // While `extract` has not given a source, there is nothing to wait for.
    const isMissing = this.isRunning && this.#reader === undefined;
    if (isMissing && !isHalted) this.#listener.onUnresponsive(reason);
  }

  /** Settles when a source that was cancelled has let go; all else is done by then. */
  async release(): Promise<void> {
    const { isStuck, released } = this.#reader!;
    // Only the callbacks' signal can still reach a source that does not let go.
    if (isStuck || released !== undefined) {
      this.#listener.onUnresponsive(this.#cancellation?.reason);
    }
    await Promise.all([this.#cancelled, released]);
  }

  #failAt({ cause }: MalformedItem): void {
    this.#batcher.discard();
    this.#fail(cause);
    this.cancel(cause, true);
  }

  #end(end: ReadEnd): void {
    if (end !== undefined) this.#fail(end.error);
    this.isRunning = false;
    this.#flow.onEnd(end !== undefined);
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
