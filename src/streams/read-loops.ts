import { type Answer, checkAnswer } from "./source.ts";

/** Error of the source itself, as opposed to one of the bucket's callbacks. */
export class SourceFailure {
  readonly error: unknown;

  /** Marks an error that comes from the source. */
  constructor(error: unknown) {
    this.error = error;
  }
}

/** Decides about each read of a loop, and accepts its result. */
export interface ReadTarget {
  /** True if items come in arrays. */
  readonly isChunked: boolean;
  /** True if a read has begun, and is neither settled nor abandoned. */
  readonly isReading: boolean;
  /** True if the open batch is empty. */
  readonly isBatchEmpty: boolean;
  /** Number of items that `putAll` accepts. */
  readonly step: number;
  /** Called before a read; returns false if none should be made. */
  begin(): boolean;
  /** Adds an item if nothing else needs to be done for it; false if `settle` and `put` must follow. */
  push(item: unknown): boolean;
  /** Called when a read has settled; returns false if it is no longer awaited. */
  settle(): boolean;
  /** Adds the items read, or finishes a push; returns a promise to wait for, if any. */
  put(value: unknown): Promise<void> | undefined;
  /** Adds items in one go and takes over their array. */
  putAll(items: unknown[]): void;
  /** Returns a promise to wait for after this many items, if any. */
  pause(items: number): Promise<void> | undefined;
}

/**
 * Reads a source that returns promises: the hot path. Callbacks shared by all reads are quicker than
 * `await`, for which V8 saves and restores the loop around each item. Costly work is done only for the
 * first and the last item of a batch, or when a pause may be due.
 */
export function readByCallbacks(
  next: () => Answer | PromiseLike<Answer>,
  target: ReadTarget,
): Promise<void> {
  const settled = Promise.resolve(); // Reused, as a new one for each call costs a small batch 5 %.
  const nextMicrotask = (run: () => void) => void settled.then(run);
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(new SourceFailure(error));
    const ask = () => {
      try {
        Promise.resolve(next()).then(take, fail); // It may not return a promise.
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

/** Does the same with `for await`, where that is quicker: see `quickIterable`. */
export function readByForAwait(items: AsyncIterable<unknown>, target: ReadTarget): Promise<void> {
  return new Promise((resolve, reject) => {
    const read = async () => {
      if (!target.begin()) return;
      for await (const item of items) {
        if (target.push(item)) continue;
        if (!target.settle()) return; // The generator was returned, and may be returned again.
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

/** Reads a sync iterator. Calls its `return` if the reading is stopped. */
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
      await target.pause(drawn); // Always, so that loads can settle and few batches wait.
    }
  }
  callSource(() => iterator.return?.());
}

/**
 * Takes a batch from an iterator in one go, or less if it is time to check the clock. Returns the
 * number of items taken; `undefined` at the end.
 */
function draw(iterator: Iterator<unknown>, target: ReadTarget): number | undefined {
  const most = target.step;
  const items = new Array<unknown>(most); // A growing array is copied again and again.
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
    if (size < most) items.length = size; // Setting it has a cost even if it does not change.
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
