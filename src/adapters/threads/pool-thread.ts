import { setTimer } from "../../runtime/timer.ts";
import type { Job } from "./call.ts";
import { type Ending, type HostThread, startThread, type ThreadModule } from "./host-thread.ts";
import type { Answer, Reply } from "./messages.ts";
import type { ThreadLimits } from "./options.ts";

/** Module and time limits of a thread. */
export interface ThreadSettings {
  readonly module: ThreadModule;
  readonly timeout: number;
  readonly startTimeout: number;
  readonly idleTimeout: number | undefined;
  readonly resourceLimits: ThreadLimits | undefined;
  readonly transfer: ((items: readonly unknown[]) => object[]) | undefined;
}

/** Reason why a thread is lost: the host reports it, or a time limit is exceeded. */
export type Loss = Ending | { readonly failure: "timeout" | "idle" };

/** Callbacks of a thread of a pool. */
export interface PoolThreadListener {
  /** Called when it can accept work. */
  onReady(): void;
  /** Called when it has done the first of its jobs. */
  onDone(job: Job, answer: Answer): void;
  /** Called when it is gone, with the jobs that it had: the first of them was at work. */
  onLost(thread: PoolThread, loss: Loss, jobs: readonly Job[]): void;
}

const SIGNS_OF_LIFE = 4; // In the time that an item may take.

/** A thread with the jobs that it has; the second one waits there, so that it need not ask for it. */
export class PoolThread {
  readonly #settings: ThreadSettings;
  readonly #listener: PoolThreadListener;
  readonly #host: HostThread;
  readonly #jobs: Job[] = [];
  #isReady = false;
  #isOver = false;
  #stopTimer: () => void;

  /**
   * Begins a thread.
   * @throws {unknown} What the runtime says against it at once.
   */
  constructor(settings: ThreadSettings, listener: PoolThreadListener) {
    this.#settings = settings;
    this.#listener = listener;
    this.#host = startThread(settings.module, settings.resourceLimits, {
      onReply: (reply) => this.#take(reply),
      onEnd: (ending) => this.#lose(ending),
    });
    this.#stopTimer = setTimer(
      settings.startTimeout,
      () => this.#lose({ failure: "timeout" }),
    );
  }

  /** True if its module is loaded. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Number of its jobs. */
  get load(): number {
    return this.#jobs.length;
  }

  /** Returns true if a job of a call is at work here. */
  isAtWork(call: Job["call"]): boolean {
    return this.#jobs[0]?.call === call;
  }

  /**
   * Gives it a job.
   * @throws {unknown} If it cannot be cloned; then it is not given.
   */
  give(job: Job): void {
    const { timeout, transfer } = this.#settings;
    const beat = timeout === Infinity ? undefined : timeout / SIGNS_OF_LIFE;
    const { items } = job;
    this.#host.post({ millrace: "items", items, beat }, transfer?.(items));
    this.#jobs.push(job);
    if (this.#jobs.length > 1) return;
    this.#host.hold?.(true);
    this.#watch();
  }

  /** Ends it; gives the jobs that it had. Nothing is told. */
  end(): { jobs: readonly Job[]; ended: Promise<void> } {
    this.#isOver = true;
    this.#stopTimer();
    return { jobs: this.#jobs, ended: this.#host.terminate() };
  }

  #take(reply: Reply): void {
    if (this.#isOver) return;
    if (reply.millrace === "ready") {
      this.#isReady = true;
      this.#rest();
      this.#listener.onReady();
    } else if (reply.millrace === "alive") {
      this.#watch();
    } else if (reply.millrace === "results") {
      const job = this.#jobs.shift();
      if (job === undefined) return;
      if (this.#jobs.length > 0) this.#watch();
      else this.#rest();
      this.#listener.onDone(job, reply);
    }
  }

  /** An item has begun, as far as one knows. */
  #watch(): void {
    this.#stopTimer();
    this.#stopTimer = setTimer(this.#settings.timeout, () => this.#lose({ failure: "timeout" }));
  }

  /** Starts the timer of an idle thread. */
  #rest(): void {
    this.#stopTimer();
    this.#host.hold?.(false);
    const idle = this.#settings.idleTimeout ?? (this.#host.hold === undefined ? 1000 : Infinity);
    this.#stopTimer = setTimer(idle, () => this.#lose({ failure: "idle" }));
  }

  #lose(loss: Loss): void {
    if (this.#isOver) return;
    const { jobs, ended } = this.end();
    ended.catch(() => {}); // It is told as lost.
    this.#listener.onLost(this, loss, jobs);
  }
}
