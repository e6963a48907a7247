import { ConfigurationError, messageOf } from "../../errors.ts";
import { Call, type Job } from "./call.ts";
import type { Answer } from "./messages.ts";
import { whyNotCloneable } from "./packed-error.ts";
import { type Loss, PoolThread, type ThreadSettings } from "./pool-thread.ts";
import { inputError, lossError, outputError, startError } from "./reasons.ts";
import type { Mapped } from "./results.ts";
import { ThreadError } from "./thread-error.ts";

/** Settings of a pool. */
export interface PoolSettings extends ThreadSettings {
  /** Name of its module in messages. */
  readonly name: string;
  readonly size: number;
  readonly maxCrashes: number;
}

const SMALLEST_PART = 16; // Items, below which a message costs more than a thread gives.
const MOST_JOBS = 2; // Of a thread: one at work, one that it has already.

/** Threads that share the jobs of all calls, and are replaced where one is lost. */
export class Pool {
  readonly #settings: PoolSettings;
  readonly #threads: Set<PoolThread> = new Set();
  readonly #calls: Set<Call> = new Set();
  #waiting: Job[] = [];
  #crashes = 0; // In a row, without an item that was finished between.
  #isClosed = false;

  /** Makes a pool; no thread begins before there is work. */
  constructor(settings: PoolSettings) {
    this.#settings = settings;
  }

  /** Maps items: gives the result, or the error, of each. */
  async run(items: readonly unknown[], signal: AbortSignal): Promise<Mapped> {
    if (this.#isClosed) throw this.#closedError();
    signal.throwIfAborted();
    const call = new Call(items.length, signal, () => this.#drop(call));
    this.#calls.add(call);
    for (const part of partsOf(items.length, this.#idle())) {
      this.#waiting.push({ call, from: part.from, items: items.slice(part.from, part.to) });
    }
    this.#pump();
    try {
      return await call.finished;
    } finally {
      this.#calls.delete(call);
    }
  }

  /** Ends all threads, and whatever waits for them. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#failAll(this.#closedError());
    await this.#endAll();
  }

  #closedError(): ThreadError {
    return new ThreadError("closed", `The threads of ${this.#settings.name} are closed`);
  }

  /** Threads that have nothing to do, or may begin. */
  #idle(): number {
    const { size } = this.#settings;
    const busy = [...this.#threads].filter((thread) => thread.load > 0).length;
    return Math.max(size - busy - this.#waiting.length, 0);
  }

  /** Gives waiting jobs to threads, as long as there are both. */
  #pump(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#next();
      if (thread === undefined) return;
      this.#give(thread, this.#waiting.shift()!);
    }
  }

  /** The thread for the next job: one that rests; none where one is to begin; else one that has room. */
  #next(): PoolThread | undefined {
    let best: PoolThread | undefined;
    let starting = 0;
    for (const thread of this.#threads) {
      if (!thread.isReady) starting++;
      else if (thread.load < (best?.load ?? MOST_JOBS)) best = thread;
    }
    if (best?.load === 0) return best;
    while (starting < this.#waiting.length && this.#threads.size < this.#settings.size) {
      if (!this.#begin()) return undefined;
      starting++;
    }
    return starting >= this.#waiting.length ? undefined : best;
  }

  #begin(): boolean {
    try {
      this.#threads.add(
        new PoolThread(this.#settings, {
          onReady: () => this.#pump(),
          onDone: (job, answer) => this.#done(job, answer),
          onLost: (thread, loss, jobs) => this.#lost(thread, loss, jobs),
        }),
      );
      return true;
    } catch (cause) {
      this.#stop(startError(this.#settings, cause));
      return false;
    }
  }

  #give(thread: PoolThread, job: Job): void {
    if (job.call.isOver) return;
    try {
      thread.give(job);
    } catch (error) {
      this.#giveRest(job, error);
    }
  }

  /** Fails the items that cannot be sent; the others wait again, each run of them for itself. */
  #giveRest({ call, from, items }: Job, error: unknown): void {
    const reasons = items.map(whyNotCloneable);
    // An object to move is no longer here, or cannot be moved.
    const isMoved = reasons.every((why) => why === undefined);
    const rest: Job[] = [];
    let begin = 0;
    const keep = (end: number) => {
      if (end > begin) rest.push({ call, from: from + begin, items: items.slice(begin, end) });
    };
    for (const [index, reason] of reasons.entries()) {
      const why = isMoved ? messageOf(error) : reason;
      if (why === undefined) continue;
      keep(index);
      begin = index + 1;
      call.failItem(from + index, inputError(this.#settings, why));
    }
    keep(items.length);
    this.#waiting.unshift(...rest);
  }

  #done(job: Job, answer: Answer): void {
    this.#crashes = 0;
    job.call.take(job, answer, (why) => outputError(this.#settings, why));
    this.#pump();
  }

  #lost(thread: PoolThread, loss: Loss, jobs: readonly Job[]): void {
    this.#threads.delete(thread);
    if (!thread.isReady) return this.#stop(startError(this.#settings, loss));
    const [first, ...others] = jobs;
    this.#waiting.unshift(...others);
    if (first !== undefined) this.#blame(first, loss);
    this.#pump();
  }

  /** Finds the item that has ended a thread: those that were at work there go on one by one. */
  #blame({ call, from, items }: Job, loss: Loss): void {
    const error = lossError(this.#settings, loss);
    if (++this.#crashes >= this.#settings.maxCrashes) {
      const { name, maxCrashes } = this.#settings;
      const rule =
        `a module whose threads finish an item before ${maxCrashes} of them in a row end`;
      const words = `Cannot run threads of ${name} as 'module' must be ${rule}: ${error.message}`;
      return this.#stop(new ConfigurationError(words, { cause: error }));
    }
    if (items.length === 1) return call.failItem(from, error);
    const single = items.map((item, index) => ({ call, from: from + index, items: [item] }));
    this.#waiting.unshift(...single);
  }

  /** Ends what a call that is over has at work; what others had there waits again. */
  #drop(call: Call): void {
    this.#waiting = this.#waiting.filter((job) => job.call !== call);
    for (const thread of this.#threads) {
      if (!thread.isAtWork(call)) continue;
      this.#threads.delete(thread);
      const { jobs, ended } = thread.end();
      ended.catch(() => {}); // Nobody waits for it.
      this.#waiting.unshift(...jobs.filter((job) => job.call !== call));
    }
    this.#pump();
  }

  /** Nothing can go on as it is. */
  #stop(error: unknown): void {
    this.#failAll(error);
    this.#crashes = 0;
    this.#endAll().catch(() => {}); // The failure is told.
  }

  #failAll(error: unknown): void {
    this.#waiting = [];
    for (const call of this.#calls) call.fail(error);
  }

  async #endAll(): Promise<void> {
    const threads = [...this.#threads];
    this.#threads.clear();
    await Promise.all(threads.map((thread) => thread.end().ended));
  }
}

/** Cuts a batch for the threads that have nothing to do, where its parts are worth a message. */
function partsOf(size: number, idle: number): { from: number; to: number }[] {
  const count = Math.max(1, Math.min(idle, Math.floor(size / SMALLEST_PART)));
  const length = Math.ceil(size / count);
  return Array.from({ length: Math.ceil(size / length) }, (_, part) => {
    return { from: part * length, to: Math.min((part + 1) * length, size) };
  });
}
