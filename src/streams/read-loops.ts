import { type Answer, checkAnswer } from "./source.ts";

/** Error of the source itself, where the bucket's callbacks may have failed as well. */
export class SourceFailure {
  readonly error: unknown;

  /** Marks an error where it comes out of the source. */
  constructor(error: unknown) {
    this.error = error;
  }
}

/** Decides about each read of a loop, and takes what it gave. */
export interface ReadTarget {
  /** Items come in arrays. */
  readonly isChunked: boolean;
  /** A read has begun, and is neither settled nor given up. */
  readonly isReading: boolean;
  /** Nothing is in the open batch. */
  readonly isBatchEmpty: boolean;
  /** Number of items that `putAll` accepts. */
  readonly step: number;
  /** A read is about to be made; false if there is to be none. */
  begin(): boolean;
  /** Takes an item if no more than that is to be done for it; false if `settle` and `put` follow. */
  push(item: unknown): boolean;
  /** A read has settled; false if nobody waits for it any more. */
  settle(): boolean;
  /** Takes what was read, or does what is left to do for it; gives what to wait for. */
  put(value: unknown): Promise<void> | undefined;
  /** Takes items in one go; the array is no longer the loop's. */
  putAll(items: unknown[]): void;
  /** Gives what to wait for after so many items. */
  pause(items: number): Promise<void> | undefined;
}

/**
 * The hot path: reads whatever answers with promises. Callbacks that serve all reads take less than
 * `await`, for which V8 saves and restores the loop around each item. What costs something is for
 * the first and the last item of a batch, or when a pause may be due.
 */
export function readByCallbacks(
  next: () => Answer | PromiseLike<Answer>,
  target: ReadTarget,
): Promise<void> {
  const settled = Promise.resolve(); // Kept, as a new one for each call costs a small batch 5 %.
  const nextMicrotask = (run: () => void) => void settled.then(run);
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(new SourceFailure(error));
    const ask = () => {
      try {
        Promise.resolve(next()).then(take, fail); // It may give no promise.
      } catch (error) {
        fail(error);
      }
    };
    const read = () => target.begin() ? ask() : resolve();
    const take = (answer: Answer) => {
      let done: boolean | undefined;
      let value: unknown;
      try {
        ({ done, value } = checkAnswer(answer));
      } catch (error) {
        return fail(error);
      }
      if (!done && target.push(value)) return ask();
      if (!target.settle() || done) return resolve();
      try {
        const pause = target.put(value);
        if (pause !== undefined) pause.then(read, reject);
        // A stream has its next item in the queue by then, and answers sooner: read at once, batches
        // of one take 1.06 of the time ("ReadableStream, sync transform, batch 1" of bench/overhead.ts).
        else if (target.isBatchEmpty) nextMicrotask(read);
        else read();
      } catch (error) {
        reject(error);
      }
    };
    read();
  });
}

/** The same by `for await`, where that is quicker: see `quickIterable`. */
export function readByForAwait(items: AsyncIterable<unknown>, target: ReadTarget): Promise<void> {
  return new Promise((resolve, reject) => {
    const read = async () => {
      if (!target.begin()) return;
      for await (const item of items) {
        if (target.push(item)) continue;
        if (!target.settle()) return; // The generator has been returned, and may be once more.
        try {
          const pause = target.put(item);
          if (pause !== undefined) await pause;
        } catch (error) {
          return reject(error);
        }
        if (!target.begin()) return resolve(); // Before the generator has returned.
      }
    };
    read().then(resolve, (error) => reject(new SourceFailure(error)));
  });
}

/** Reads an iterator, which need not be waited for. It is returned if the reading is stopped. */
export async function readSync(iterator: Iterator<unknown>, target: ReadTarget): Promise<void> {
  while (target.begin()) {
    if (target.isChunked) {
      const { done, value } = callSource(() => {
        const { done, value } = checkAnswer(iterator.next());
        return { done, value };
      });
      target.settle();
      if (done) return;
      await target.put(value);
    } else {
      const drawn = draw(iterator, target);
      if (drawn === undefined) return;
      await target.pause(drawn); // In any case, so that loads can settle and few batches wait.
    }
  }
  callSource(() => iterator.return?.());
}

/**
 * Takes a batch from an iterator in one go, or less where it is time to look at the clock. Gives
 * how many items it took; `undefined` at the end.
 */
function draw(iterator: Iterator<unknown>, target: ReadTarget): number | undefined {
  const most = target.step;
  const items = new Array<unknown>(most); // An array that grows is copied again and again.
  let size = 0;
  try {
    while (size < most && target.isReading) {
      const { done, value } = checkAnswer(iterator.next());
      if (done) return undefined;
      items[size++] = value;
    }
    target.settle();
    return size;
  } catch (error) {
    throw new SourceFailure(error);
  } finally {
    if (size < most) items.length = size; // To set it costs something even where it stays.
    target.putAll(items);
  }
}

function callSource<R>(call: () => R): R {
  try {
    return call();
  } catch (error) {
    throw new SourceFailure(error);
  }
}
