import { checkOptions, type Complete, type OptionTable, positive } from "../options.ts";
import type { RunSnapshot } from "../run-report.ts";
import { after } from "../timer.ts";

/** How often to tell how far a run is. */
export interface ProgressOptions {
  /**
   * Time between two snapshots in milliseconds, a number above 0.
   * @default {1000}
   */
  interval?: number | undefined;
}

const progressOptions: OptionTable<ProgressOptions> = { interval: [positive, 1000] };

/** What can be watched: a run, or all those of a manager. */
export interface Watched<S> {
  /** Settles when it is over. */
  readonly finished: Promise<unknown>;
  /** How far it is. */
  snapshot(): S;
}

/** Snapshots as a stream. A timer runs only while somebody reads. */
export function progressOf<S>(run: Watched<S>, options: ProgressOptions): ReadableStream<S> {
  const { interval } = checkProgressOptions(options);
  let stopTimer = () => {};
  let isOver = false;
  return new ReadableStream<S>({
    start: (output) => {
      const end = () => {
        if (isOver) return;
        isOver = true;
        stopTimer();
        output.enqueue(run.snapshot());
        output.close();
      };
      run.finished.then(end, end);
    },
    pull: (output) => {
      stopTimer();
      stopTimer = after(interval, () => output.enqueue(run.snapshot()));
    },
    cancel: () => {
      isOver = true;
      stopTimer();
    },
  }, { highWaterMark: 0 });
}

/**
 * Snapshots of what has not begun yet: of the first that `onNext` gives. It is to give what ends the
 * wait.
 */
export function progressOfNext<S>(
  onNext: (take: (run: Watched<S>) => void) => () => void,
  options: ProgressOptions,
): ReadableStream<S> {
  checkProgressOptions(options);
  let stopWaiting = () => {};
  let reader: ReadableStreamDefaultReader<S> | undefined;
  const next = new Promise<Watched<S>>((resolve) => stopWaiting = onNext(resolve));
  return new ReadableStream<S>({
    pull: async (output) => {
      reader ??= progressOf(await next, options).getReader();
      const { done, value } = await reader.read();
      if (done) output.close();
      else output.enqueue(value);
    },
    cancel: async (reason) => {
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
    stopTimer = after(interval, repeat);
  };
  let stopTimer = after(interval, repeat);
  return () => {
    stopTimer();
    tell();
  };
}
