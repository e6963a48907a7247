import { onAbort } from "../../../runtime/signals.ts";
import { setTimer } from "../../../runtime/timer.ts";

/** Connection whose running statement can be stopped. */
export interface Stoppable {
  /**
   * Asks the server to end the statement. Settles when that is no longer on its way, as it would
   * end the next statement; rejects where it could not be asked.
   */
  cancel(): Promise<unknown>;
  /** Discards the connection, whose state is unknown. */
  discard(): void;
}

const answerTimeout = 2000; // Milliseconds for a server that does not answer.
const pause = 200; // A cancellation that came before its statement had no effect.

/** Runs the statements of one transaction, one after the other, until its signal aborts. */
export class Statements {
  readonly #connection: Stoppable;
  readonly #signal: AbortSignal | undefined;

  /** Takes the connection and what ends its statements. */
  constructor(connection: Stoppable, signal: AbortSignal | undefined) {
    this.#connection = connection;
    this.#signal = signal;
  }

  /** Runs a statement unless the signal has aborted. */
  run<T>(send: () => PromiseLike<T>): Promise<T> {
    try {
      this.#signal?.throwIfAborted();
      return this.settle(Promise.resolve(send()));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Waits for a statement. If the signal aborts first, the server is asked to end it, and its own
   * end still counts: one that succeeds first has succeeded. A server that does not answer for two
   * seconds loses the connection.
   */
  async settle<T>(running: Promise<T>): Promise<T> {
    const signal = this.#signal;
    if (signal === undefined) return await running;
    let stopping: Promise<void> | undefined;
    let giveUp!: (reason: unknown) => void;
    const givenUp = new Promise<never>((_, reject) => (giveUp = reject));
    const unfollow = onAbort(signal, (reason) => {
      stopping = this.#stop(running, () => giveUp(reason));
    });
    try {
      return await Promise.race([running, givenUp]);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      unfollow();
      await stopping;
    }
  }

  async #stop(running: Promise<unknown>, giveUp: () => void): Promise<void> {
    let isOver = false;
    const over = running.then(() => {}, () => {}).then(() => void (isOver = true));
    const start = performance.now();
    while (!isOver && performance.now() - start < answerTimeout) {
      await this.#connection.cancel().catch(() => {}); // The statement may end by itself.
      await atMost(pause, over);
    }
    if (isOver) return;
    this.#connection.discard();
    giveUp();
  }
}

/** Waits for a promise, but at most `delay` milliseconds. */
export function atMost(delay: number, promise: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const stopTimer = setTimer(delay, resolve);
    const end = () => {
      stopTimer();
      resolve();
    };
    promise.then(end, end);
  });
}
