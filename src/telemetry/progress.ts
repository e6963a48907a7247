import { checkOptions, type Complete, type OptionTable, positive } from "../options.ts";
import type { RunSnapshot } from "../report-types.ts";
import { setTimer } from "../runtime/timer.ts";

/** Options of a stream of snapshots. */
export interface ProgressOptions {
  /**
   * Time between two snapshots in milliseconds, a number above 0.
   * @default {1000}
   */
  interval?: number | undefined;
}

const progressOptions: OptionTable<ProgressOptions> = { interval: [positive, 1000] };

/** A run that can be watched, or all runs of a manager. */
export interface Watched<S> {
  /** Settles when it is over. */
  readonly finished: Promise<unknown>;
  /** Returns its progress. */
  snapshot(): S;
}

/**
 * The snapshots of a run as streams, of which there may be any number: nothing is left of one that
 * was cancelled, which a promise would remember until it settles.
 */
export class Snapshots<S> {
  readonly #run: Watched<S>;
  readonly #ends = new Set<() => void>(); // Of the streams.
  #isFollowing = false;
  #isOver = false;

  /** Follows a run once somebody watches it. */
  constructor(run: Watched<S>) {
    this.#run = run;
  }

  /** A stream, as `progress` of a run gives it. A timer runs only while somebody reads. */
  stream(options: ProgressOptions): ReadableStream<S> {
    const { interval } = checkProgressOptions(options);
    const run = this.#run;
    let stopTimer = () => {};
    let end = () => {};
    return new ReadableStream<S>({
      start: (output) => {
        end = () => {
          stopTimer();
          output.enqueue(run.snapshot());
          output.close();
        };
        this.#add(end);
      },
      pull: (output) => {
        stopTimer();
        stopTimer = setTimer(interval, () => output.enqueue(run.snapshot()));
      },
      cancel: () => {
        this.#ends.delete(end);
        stopTimer();
      },
    }, { highWaterMark: 0 });
  }

  #add(end: () => void): void {
    this.#ends.add(end);
    if (this.#isOver) queueMicrotask(() => this.#ends.delete(end) && end());
    if (this.#isFollowing) return;
    this.#isFollowing = true;
    const tell = () => {
      this.#isOver = true;
      for (const end of this.#ends) end();
      this.#ends.clear();
    };
    this.#run.finished.then(tell, tell);
  }
}

/** Source of snapshots. */
export interface Watchable<S> {
  /** As a stream. */
  progress(options: ProgressOptions): ReadableStream<S>;
}

/**
 * Snapshots of what has not begun yet: of the first that `onNext` gives. It is to give what ends the
 * wait.
 */
export function progressOfNext<S>(
  onNext: (take: (run: Watchable<S>) => void) => () => void,
  options: ProgressOptions,
): ReadableStream<S> {
  checkProgressOptions(options);
  let stopWaiting = () => {};
  let reader: ReadableStreamDefaultReader<S> | undefined;
  let isCancelled = false;
  const next = new Promise<Watchable<S>>((resolve) => stopWaiting = onNext(resolve));
  return new ReadableStream<S>({
    pull: async (output) => {
      const run = await next;
      if (isCancelled) return; // In the turn in which the run has begun.
      reader ??= run.progress(options).getReader();
      const { done, value } = await reader.read();
      if (isCancelled) return;
      if (done) output.close();
      else output.enqueue(value);
    },
    cancel: async (reason) => {
      isCancelled = true;
      stopWaiting();
      await reader?.cancel(reason);
    },
  }, { highWaterMark: 0 });
}

function checkProgressOptions(options: ProgressOptions): Complete<ProgressOptions> {
  return checkOptions("watch progress", options, progressOptions);
}

/** Tells `onProgress` every `interval` milliseconds, and a last time when the watch is ended. */
export function watch(
  run: Watched<RunSnapshot>,
  onProgress: ((snapshot: RunSnapshot) => void) | undefined,
  interval: number,
): () => void {
  if (onProgress === undefined) return () => {};
  const tell = () => {
    try {
      onProgress(run.snapshot());
    } catch (error) {
      // As the platform does with a listener that throws: it is told, and what called it goes on.
      queueMicrotask(() => {
        throw error;
      });
    }
  };
  const repeat = () => {
    tell();
    stopTimer = setTimer(interval, repeat);
  };
  let stopTimer = setTimer(interval, repeat);
  return () => {
    stopTimer();
    tell();
  };
}
