import { CancelledError, PipelineError } from "../errors.ts";
import type { FailureStage, Outcome, RunReport, RunSnapshot } from "../run-report.ts";
import { follow } from "../signals.ts";
import { after } from "../timer.ts";
import { Flow } from "./flow.ts";
import type { Pipeline, PipelineContext } from "./pipeline.ts";
import { progressOf, type ProgressOptions, watch } from "./progress.ts";
import { reportOf } from "./report.ts";
import type { RunSettings } from "./run-options.ts";

/**
 * One run of a pipeline, made by `start`. It goes through the hooks one after the other, stops when
 * it is told to, and settles once: nothing of it runs on afterwards, but callbacks that did not heed
 * their signal for `abortTimeout`.
 */
export class Run<E, T = E> {
  /** The name of the pipeline. */
  readonly name: string;
  /** This run, told apart from all others. */
  readonly runId: string;
  /**
   * The report, or what stopped the run. It needs no handler: a failure that nobody asks for is
   * never an unhandled rejection.
   */
  readonly finished: Promise<RunReport>;
  readonly #pipeline: Pipeline<E, T>;
  readonly #settings: RunSettings<E>;
  readonly #hard = new AbortController(); // The signal of the callbacks.
  readonly #context: PipelineContext;
  readonly #flow: Flow<E, T>;
  readonly #startedAt: number = Date.now();
  readonly #begin: number = performance.now();
  readonly #failures: { readonly stage: FailureStage; readonly error: unknown }[] = [];
  #stop: "none" | "drain" | "abort" = "none";
  #cancellation: { readonly reason: unknown } | undefined; // The run is to reject for it.
  readonly #late: unknown[] = []; // What failed after the run was aborted.
  #stopDrainTimer = () => {};
  #stopAbortTimer = () => {};
  #giveUp: (() => void) | undefined; // Ends the wait for the callback that is running.
  #report: RunReport | undefined;

  /** Begins a run. */
  constructor(pipeline: Pipeline<E, T>, settings: RunSettings<E>) {
    this.name = pipeline.name;
    this.runId = crypto.randomUUID();
    this.#pipeline = pipeline;
    this.#settings = settings;
    this.#context = Object.freeze({
      signal: this.#hard.signal,
      pipeline: pipeline.name,
      runId: this.runId,
    });
    this.#flow = new Flow(pipeline, settings, this.#context, {
      onFailure: (stage, error) => this.#fail(stage, error),
      onStuck: (reason) => this.#abortCallbacks(reason),
    });
    this.finished = this.#live();
    this.finished.catch(() => {}); // Whoever reads `finished` is told; nobody else needs to be.
  }

  /** How far the run is. */
  snapshot(): RunSnapshot {
    if (this.#report !== undefined) {
      const { outcome: _, bottleneck: __, ...snapshot } = this.#report;
      return { ...snapshot, state: "ended" };
    }
    const { extracted, loaded, skipped, batches, stages } = this.#flow;
    const pending = extracted - loaded - skipped;
    return {
      ...{ name: this.name, runId: this.runId },
      state: this.#stop === "none" ? "running" : this.#stop === "drain" ? "draining" : "aborting",
      ...{ extracted, loaded, skipped, deadLettered: 0, pending, batches, retries: 0 },
      startedAt: this.#startedAt,
      duration: performance.now() - this.#begin,
      stages,
    };
  }

  /**
   * How far the run is, every `interval` milliseconds and once at its end. A snapshot is taken only
   * while somebody reads.
   *
   * @throws {ConfigurationError} If `interval` is no number above 0.
   */
  progress(options: ProgressOptions = {}): ReadableStream<RunSnapshot> {
    return progressOf(this, options);
  }

  /**
   * Cancels the source and loads what was read; the run then resolves with the outcome `"drained"`.
   * After `drainTimeout` it is aborted, and rejects with `CancelledError`. Settles with the run.
   */
  drain(): Promise<RunReport> {
    if (this.#settings.drainTimeout === 0) return this.abort();
    if (this.#report !== undefined) return this.finished; // It would leave a timer.
    this.#drain(new DOMException("The run was drained", "AbortError"));
    return this.finished;
  }

  /**
   * Aborts the signal of the callbacks and begins no further call. The promise rejects with
   * `CancelledError`, or with `PipelineError` if a stage had failed before.
   */
  abort(
    reason: unknown = new DOMException("The run was aborted", "AbortError"),
  ): Promise<RunReport> {
    if (this.#report !== undefined || this.#stop === "abort") return this.finished;
    this.#cancellation = { reason };
    this.#abort(reason);
    return this.finished;
  }

  async #live(): Promise<RunReport> {
    const { signal, onProgress, progressInterval } = this.#settings;
    const unfollow = follow(signal, (reason) => this.#onSignal(reason));
    let unwatch = () => {};
    await null; // Nothing of the user's is called before `start` has returned.
    if (this.#stop === "none") {
      unwatch = watch(this, onProgress, progressInterval);
      await this.#work();
      const outcome = this.#outcome;
      await this.#call("finalize", () => this.#pipeline.finalize?.(outcome, this.#context));
    }
    unfollow();
    this.#stopDrainTimer();
    this.#stopAbortTimer();
    this.#report = reportOf(this.snapshot(), this.#outcome);
    unwatch();
    return this.#settle(this.#report);
  }

  async #work(): Promise<void> {
    const pipeline = this.#pipeline;
    const context = this.#context;
    await this.#call("preProcess", () => pipeline.preProcess?.(context));
    if (this.#outcome !== "completed") return;
    this.#flow.expectSource(true);
    // In one, so that a source that comes after the wait was given up is still cancelled.
    await this.#call("extract", async () => this.#flow.run(await pipeline.extract(context)));
    this.#flow.expectSource(false);
    if (this.#outcome !== "completed") return;
    await this.#call("postProcess", () => pipeline.postProcess?.(context));
  }

  /** Waits for a callback; once the callbacks' signal has aborted, no longer than `abortTimeout`. */
  #call(stage: FailureStage, callback: () => unknown): Promise<void> {
    return new Promise((resolve) => {
      this.#giveUp = resolve;
      const fail = (error: unknown) => {
        this.#fail(stage, error);
        resolve();
      };
      try {
        Promise.resolve(callback()).then(() => resolve(), fail);
      } catch (error) {
        fail(error);
      }
      if (this.#hard.signal.aborted) this.#startAbortTimer();
    });
  }

  get #outcome(): Outcome {
    if (this.#failures.length > 0) return "failed";
    return ({ none: "completed", drain: "drained", abort: "aborted" } as const)[this.#stop];
  }

  #settle(report: RunReport): RunReport {
    const [first] = this.#failures;
    if (first !== undefined) {
      const errors = this.#failures.map(({ error }) => error);
      throw new PipelineError(this.name, first.stage, errors, { report });
    }
    if (this.#cancellation === undefined) return report;
    const errors = [...this.#late];
    throw new CancelledError(this.name, this.#cancellation.reason, { errors, report });
  }

  #fail(stage: FailureStage, error: unknown): void {
    if (!this.#isEcho(error)) {
      const isLate = this.#stop === "abort" && this.#failures.length === 0;
      if (isLate) this.#late.push(error);
      else this.#failures.push({ stage, error });
    }
    // What was read before a source fails is still loaded.
    if (stage === "transform" || stage === "load") this.#abort(error);
  }

  /** A callback only passes on why it was aborted: by its own signal, or by that of the run. */
  #isEcho(error: unknown): boolean {
    const { aborted, reason } = this.#hard.signal;
    if (aborted && (error === reason || (error instanceof Error && error.name === "AbortError"))) {
      return true;
    }
    return this.#cancellation !== undefined && error === this.#cancellation.reason;
  }

  #onSignal(reason: unknown): void {
    this.#cancellation ??= { reason };
    // A signal that is aborted from the start lets nothing begin.
    if (this.#settings.drainTimeout === 0 || this.#giveUp === undefined) this.#abort(reason);
    else this.#drain(reason);
  }

  #drain(reason: unknown): void {
    if (this.#stop !== "none") return;
    this.#stop = "drain";
    const { drainTimeout } = this.#settings;
    this.#stopDrainTimer = after(drainTimeout, () => {
      const words = `Draining took longer than ${drainTimeout} ms`;
      this.#cancellation ??= { reason: new DOMException(words, "TimeoutError") };
      this.#abort(this.#cancellation.reason);
    });
    this.#flow.drain(reason);
  }

  #abort(reason: unknown): void {
    if (this.#stop === "abort") return;
    this.#stop = "abort";
    this.#abortCallbacks(reason);
    this.#flow.halt(this.#hard.signal.reason);
  }

  #abortCallbacks(reason: unknown): void {
    if (this.#hard.signal.aborted) return;
    this.#startAbortTimer();
    this.#hard.abort(reason);
  }

  #startAbortTimer(): void {
    this.#stopAbortTimer();
    this.#stopAbortTimer = after(this.#settings.abortTimeout, () => this.#giveUp?.());
  }
}
