import { propertyOf } from "../errors.ts";
import type { FailureStage, Outcome, RunReport, RunSnapshot } from "../report-types.ts";
import { onAbort } from "../runtime/signals.ts";
import { setTimer } from "../runtime/timer.ts";
import { type Failure, failureIn, settle } from "./failures.ts";
import { Flow } from "./flow.ts";
import { guaranteeOf } from "../pipeline/guarantee.ts";
import type { Pipeline, PipelineContext } from "../pipeline/pipeline.ts";
import { type ProgressOptions, Snapshots, watch } from "../telemetry/progress.ts";
import { reportOf, snapshotOf } from "./snapshot.ts";
import type { RunSettings } from "../pipeline/run-options.ts";
import { StallWatch } from "./stall-watch.ts";
import { resourcesOf, type RunResources } from "./run-resources.ts";

/** End of a run that does not fail. */
const outcomes = { running: "completed", draining: "drained", aborting: "aborted" } as const;

/** Where a failure ends everything: what was read is not loaded any more. */
const abortingStages: readonly FailureStage[] = ["transform", "load", "deadLetters", "checkpoints"];

/**
 * One run of a pipeline, made by `start`. It goes through the hooks one after the other, stops when
 * it is told to, and settles once: nothing of it runs on afterwards, but callbacks that did not heed
 * their signal for `abortTimeout`.
 */
export class Run {
  /** The name of the pipeline. */
  readonly name: string;
  /** This run, told apart from all others. */
  readonly runId: string;
  /**
   * The report, or what stopped the run. It needs no handler: a failure that nobody asks for is
   * never an unhandled rejection.
   */
  readonly finished: Promise<RunReport>;
  readonly #pipeline: Pipeline<unknown, unknown>;
  readonly #settings: RunSettings<unknown>;
  readonly #hard = new AbortController(); // The signal of the callbacks.
  readonly #waiting = new AbortController(); // Ends the wait for the claim of another run.
  readonly #context: { -readonly [K in keyof PipelineContext]: PipelineContext[K] };
  readonly #resources: RunResources<unknown, unknown>;
  readonly #flow: Flow<unknown, unknown>;
  readonly #startedAt: number = Date.now();
  readonly #failures: Failure[] = [];
  #state: "running" | "draining" | "aborting" = "running";
  #isPausing = false; // It drains, and nobody but its budget has asked for that.
  #cancellation: { readonly reason: unknown } | undefined; // The run is to reject for it.
  readonly #reasons = new Set<unknown>(); // For which the callbacks or the source were stopped.
  readonly #deferred: (() => unknown)[] = [];
  readonly #late: unknown[] = []; // What failed after the run was aborted.
  #stopDrainTimer = () => {};
  #stopAbortTimer = () => {};
  #giveUp: (() => void) | undefined; // Ends the wait for the callback that is running.
  #last: RunSnapshot | undefined; // As it is over.
  #report: RunReport | undefined;
  readonly #snapshots = new Snapshots<RunSnapshot>(this);

  /** Begins a run. Of which items and rows it is, nothing that it tells depends on. */
  constructor(pipeline: Pipeline<unknown, unknown>, settings: RunSettings<unknown>) {
    this.name = pipeline.name;
    // Not `randomUUID`, which pages without HTTPS do not have.
    this.runId = crypto.getRandomValues(new Uint32Array(4)).join("-");
    [this.#pipeline, this.#settings] = [pipeline, settings];
    const defer = (fn: () => unknown) => {
      this.#deferred.push(fn);
      if (this.#report !== undefined) void this.#cleanUp();
    };
    const { signal } = this.#hard;
    this.#context = { signal, pipeline: pipeline.name, runId: this.runId, defer };
    this.#resources = resourcesOf(
      { pipeline, settings, context: this.#context, begin: performance.now() },
      (error) => this.#fail(failureIn("checkpoints", error)),
    );
    this.#flow = new Flow(this.#resources, {
      onFailure: (failure) => this.#fail(failure),
      onUsedUp: () => this.#drain(new DOMException("The budget is used up", "AbortError"), true),
      onUnresponsive: (reason) => this.#abortCallbacks(reason),
    });
    this.finished = this.#live();
    this.finished.catch(() => {}); // Whoever reads `finished` is told; nobody else needs to be.
  }

  /** Returns the progress of the run. */
  snapshot(): RunSnapshot {
    return this.#last ?? this.#look(this.#state);
  }

  /**
   * Streams snapshots every `interval` milliseconds and once at the end. A snapshot is taken only
   * while somebody reads.
   *
   * @throws {ConfigurationError} If `interval` is no number above 0.
   */
  progress(options: ProgressOptions = {}): ReadableStream<RunSnapshot> {
    return this.#snapshots.stream(options);
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
    if (this.#report !== undefined || this.#state === "aborting") return this.finished;
    this.#cancellation = { reason };
    this.#abort(reason);
    return this.finished;
  }

  async #live(): Promise<RunReport> {
    const { signal, onProgress, progressInterval, stallTimeout } = this.#settings;
    const unfollow = onAbort(signal, (reason) => this.#onSignal(reason));
    let unwatch = () => {};
    let stall: StallWatch | undefined;
    await null; // Nothing of the user's is called before `start` has returned.
    this.#resources.emit?.({ type: "run:start" });
    if (this.#state === "running") {
      unwatch = watch(this, onProgress, progressInterval);
      stall = new StallWatch(stallTimeout, this.#flow, (duration) => {
        this.#resources.emit?.({ type: "run:stall", stage: this.#flow.current, duration });
      });
      if (await this.#open()) {
        await this.#work();
        const outcome = this.#outcome;
        await this.#call("finalize", () => this.#pipeline.finalize?.(outcome, this.#context));
        await this.#cleanUp();
      }
    }
    await this.#close();
    while (this.#deferred.length > 0) await this.#cleanUp(); // What has come meanwhile.
    unfollow();
    this.#resources.expected.stop();
    this.#stopDrainTimer();
    this.#stopAbortTimer();
    const guarantee = this.#flow.guarantee ??
      guaranteeOf(this.#pipeline, this.#settings).guarantee;
    this.#last = this.#look("ended");
    const end = { outcome: this.#outcome, guarantee, failure: this.#failures[0] };
    this.#report = reportOf(this.#last, end, this.#resources, this.#flow);
    stall?.stop();
    this.#resources.emit?.({ type: "run:end", report: this.#report });
    unwatch();
    return settle(this.#report, this.#failures, this.#cancellation, this.#late);
  }

  /** Learns what earlier runs have finished; tells whether the run may begin. */
  async #open(): Promise<boolean> {
    const { deadLetterWriter, checkpointWriter } = this.#resources;
    await this.#call("deadLetters", () => deadLetterWriter?.open());
    await this.#call("checkpoints", async () => {
      const { signal } = this.#waiting;
      const checkpoint = await checkpointWriter?.open(signal).catch((error) => {
        if (!signal.aborted || error !== signal.reason) throw error; // Else it was ended by the run.
      });
      if (checkpoint !== undefined) this.#context.checkpoint = checkpoint;
    });
    Object.freeze(this.#context);
    return this.#outcome === "completed";
  }

  async #close(): Promise<void> {
    const { deadLetterWriter, checkpointWriter } = this.#resources;
    await this.#call("deadLetters", () => deadLetterWriter?.close());
    deadLetterWriter?.release(); // Also where a letter is still being written.
    const forgets = this.#outcome === "completed" && this.#settings.whenCompleted === "forget";
    await this.#call("checkpoints", () => checkpointWriter?.close(forgets)).then(() =>
      checkpointWriter?.leave()
    );
  }

  async #work(): Promise<void> {
    const [pipeline, context] = [this.#pipeline, this.#context];
    await this.#call("preProcess", () => pipeline.preProcess?.(context));
    if (this.#outcome !== "completed") return;
    this.#resources.expected.read();
    this.#flow.expectSource(true);
    await this.#call("extract", () => this.#flow.run());
    this.#flow.expectSource(false);
    await this.#call("extract", () => this.#flow.lease?.release(context));
    await this.#call("extract", () => this.#flow.lease?.close());
    await this.#call("checkpoints", () => this.#resources.checkpointWriter?.flush());
    if (this.#outcome !== "completed") return;
    const { total = 0, extracted } = this.snapshot();
    if (extracted < total) this.#resources.emit?.({ type: "run:short", total, extracted });
    await this.#call("postProcess", () => pipeline.postProcess?.(context));
  }

  async #cleanUp(): Promise<void> {
    for (let fn = this.#deferred.pop(); fn !== undefined; fn = this.#deferred.pop()) {
      await this.#call("finalize", fn);
    }
  }

  /** Waits for a callback; once the callbacks' signal has aborted, no longer than `abortTimeout`. */
  #call(stage: FailureStage, callback: () => unknown): Promise<void> {
    return new Promise((resolve) => {
      this.#giveUp = resolve;
      const fail = (error: unknown) => {
        this.#fail(failureIn(stage, error));
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

  #look(state: RunSnapshot["state"]): RunSnapshot {
    return snapshotOf(this.#resources, { state, startedAt: this.#startedAt }, this.#flow);
  }

  get #outcome(): Outcome {
    if (this.#failures.length > 0) return "failed";
    if (this.#isPausing && this.#state === "draining") return "paused";
    return outcomes[this.#state];
  }

  #fail(failure: Failure): void {
    const { stage, errors: all } = failure;
    const errors = all.filter((error) => !this.#isEcho(error));
    if (errors.length > 0) {
      if (this.#outcome === "aborted") this.#late.push(...errors);
      else this.#failures.push({ ...failure, errors });
      this.#resources.emit?.({ type: "run:failure", stage, errors });
    }
    // What was read before a source fails is still loaded.
    if (failure.batch || abortingStages.includes(stage)) this.#abort(all.at(-1));
  }

  /** A callback only passes on why it was aborted: by its own signal, or by that of the run. */
  #isEcho(error: unknown): boolean {
    if (this.#reasons.has(error)) return true;
    return this.#hard.signal.aborted && propertyOf(error, "name") === "AbortError";
  }

  #onSignal(reason: unknown): void {
    this.#cancellation ??= { reason };
    this.#reasons.add(reason);
    // A signal that is aborted from the start lets nothing begin.
    if (this.#settings.drainTimeout === 0 || this.#giveUp === undefined) this.#abort(reason);
    else this.#drain(reason);
  }

  /** A pause, by the budget of the run, has no limit: with one, the next run might get no further. */
  #drain(reason: unknown, isPause = false): boolean {
    const isEscalated = this.#state === "draining" && this.#isPausing && !isPause;
    if (this.#state !== "running" && !isEscalated) return false;
    this.#state = "draining";
    this.#isPausing = isPause;
    this.#resources.emit?.({ type: "run:drain", reason });
    this.#reasons.add(reason);
    const drainTimeout = isPause ? Infinity : this.#settings.drainTimeout;
    this.#stopDrainTimer = setTimer(drainTimeout, () => {
      const words = `The run was not drained within ${drainTimeout} ms`;
      this.#cancellation ??= { reason: new DOMException(words, "TimeoutError") };
      this.#abort(this.#cancellation.reason);
    });
    this.#waiting.abort(reason);
    this.#flow.drain(reason);
    return true;
  }

  #abort(reason: unknown): void {
    if (this.#state === "aborting") return;
    this.#state = "aborting";
    this.#resources.emit?.({ type: "run:abort", reason });
    this.#waiting.abort(reason);
    this.#abortCallbacks(reason);
    this.#flow.halt(this.#hard.signal.reason);
  }

  #abortCallbacks(reason: unknown): void {
    if (this.#hard.signal.aborted) return;
    this.#startAbortTimer();
    this.#hard.abort(reason);
    this.#resources.expected.stop(reason);
    this.#reasons.add(this.#hard.signal.reason);
  }

  #startAbortTimer(): void {
    this.#stopAbortTimer();
    this.#stopAbortTimer = setTimer(this.#settings.abortTimeout, () => this.#giveUp?.());
  }
}
