import { checkOptions, type OptionTable, positive } from "../options.ts";
import type { RunReport, RunSnapshot } from "../run-report.ts";
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

/** What can be watched: a run. */
interface Watched {
  readonly finished: Promise<RunReport>;
  snapshot(): RunSnapshot;
}

/** Snapshots as a stream. A timer runs only while somebody reads. */
export function progressOf(run: Watched, options: ProgressOptions): ReadableStream<RunSnapshot> {
  const { interval } = checkOptions("watch progress", options, progressOptions);
  let stopTimer = () => {};
  let isOver = false;
  return new ReadableStream<RunSnapshot>({
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

/** Tells `onProgress` every `interval` milliseconds, and a last time when the watch is ended. */
export function watch(
  run: Watched,
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
