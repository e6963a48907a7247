import { CancelledError, PipelineError } from "../errors.ts";
import { CheckpointKeeper } from "../resilience/checkpoint-keeper.ts";
import { DeadLetterOutlet } from "../resilience/dead-letter-outlet.ts";
import type { FailureStage, Outcome, RunReport, RunSnapshot } from "../run-report.ts";
import { follow } from "../signals.ts";
import { after } from "../timer.ts";
import { Flow } from "./flow.ts";
import { guaranteeOf } from "./guarantee.ts";
import type { Pipeline, PipelineContext } from "./pipeline.ts";
import { progressOf, type ProgressOptions, watch } from "./progress.ts";
import { reportOf } from "./report.ts";
import type { RunSettings } from "./run-options.ts";

/** A stage that has failed, with what each attempt failed with. */
interface Failure {
  readonly stage: FailureStage;
  readonly errors: readonly unknown[];
  readonly attempts: number;
}

/** Where a failure ends everything: what was read is not loaded any more. */
const abortingStages: readonly FailureStage[] = ["transform", "load", "deadLetters", "checkpoints"];

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
  readonly #context: { -readonly [K in keyof PipelineContext]: PipelineContext[K] };
  readonly #outlet: DeadLetterOutlet | undefined;
  readonly #keeper: CheckpointKeeper | undefined;
  readonly #flow: Flow<E, T>;
  readonly #startedAt: number = Date.now();
  readonly #begin: number = performance.now();
  readonly #failures: Failure[] = [];
  #state: "running" | "draining" | "aborting" = "running";
  #cancellation: { readonly reason: unknown } | undefined; // The run is to reject for it.
  readonly #reasons = new Set<unknown>(); // For which the callbacks or the source were stopped.
  readonly #late: unknown[] = []; // What failed after the run was aborted.
  #stopDrainTimer = () => {};
  #stopAbortTimer = () => {};
  #giveUp: (() => void) | undefined; // Ends the wait for the callback that is running.
  #report: RunReport | undefined;

  /** Begins a run. */
  constructor(pipeline: Pipeline<E, T>, settings: RunSettings<E>) {
    this.name = pipeline.name;
    // Not `randomUUID`, which pages without HTTPS do not have.
    this.runId = crypto.getRandomValues(new Uint32Array(4)).join("-");
    this.#pipeline = pipeline;
    this.#settings = settings;
    this.#context = { signal: this.#hard.signal, pipeline: pipeline.name, runId: this.runId };
    const { partition, checkpoints: store, lease } = settings;
    const key = partition === undefined ? this.name : JSON.stringify([this.name, partition]);
    const onFailure = (error: unknown) => this.#fail("checkpoints", [error]);
    this.#keeper = store &&
      new CheckpointKeeper({ store, key, runId: this.runId, lease, onFailure });
    this.#outlet = outletOf(`run pipeline "${this.name}"`, settings);
    const tools = { outlet: this.#outlet, keeper: this.#keeper, key };
    this.#flow = new Flow({ pipeline, settings, context: this.#context, ...tools }, {
      onFailure: (stage, errors, attempts) => this.#fail(stage, errors, attempts),
      onStuck: (reason) => this.#abortCallbacks(reason),
    });
    this.finished = this.#live();
    this.finished.catch(() => {}); // Whoever reads `finished` is told; nobody else needs to be.
  }

  /** How far the run is. */
  snapshot(): RunSnapshot {
    if (this.#report !== undefined) {
      const { outcome: _, bottleneck: __, guarantee: ___, ...snapshot } = this.#report;
      return { ...snapshot, state: "ended" };
    }
    const { extracted, counts, stages } = this.#flow;
    const { loaded, skipped, deadLettered, batches, retries } = counts;
    const pending = extracted - loaded - skipped - deadLettered;
    const checkpoint = this.#keeper?.checkpoint;
    return {
      ...{ name: this.name, runId: this.runId },
      state: this.#state,
      ...{ extracted, loaded, skipped, deadLettered, pending, batches, retries },
      startedAt: this.#startedAt,
      duration: performance.now() - this.#begin,
      stages,
      ...(checkpoint !== undefined && { checkpoint }),
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
    if (this.#report !== undefined || this.#state === "aborting") return this.finished;
    this.#cancellation = { reason };
    this.#abort(reason);
    return this.finished;
  }

  async #live(): Promise<RunReport> {
    const { signal, onProgress, progressInterval } = this.#settings;
    const unfollow = follow(signal, (reason) => this.#onSignal(reason));
    let unwatch = () => {};
    await null; // Nothing of the user's is called before `start` has returned.
    if (this.#state === "running") {
      unwatch = watch(this, onProgress, progressInterval);
      if (await this.#open()) {
        await this.#work();
        const outcome = this.#outcome;
        await this.#call("finalize", () => this.#pipeline.finalize?.(outcome, this.#context));
      }
    }
    await this.#close();
    unfollow();
    this.#stopDrainTimer();
    this.#stopAbortTimer();
    const { guarantee } = guaranteeOf(this.#pipeline, this.#settings);
    this.#report = reportOf(this.snapshot(), this.#outcome, guarantee);
    unwatch();
    return this.#settle(this.#report);
  }

  /** Learns what earlier runs have finished; tells whether the run may begin. */
  async #open(): Promise<boolean> {
    await this.#call("checkpoints", async () => {
      const checkpoint = await this.#keeper?.open(this.#hard.signal);
      if (checkpoint !== undefined) this.#context.checkpoint = checkpoint;
    });
    Object.freeze(this.#context);
    return this.#outcome === "completed";
  }

  async #close(): Promise<void> {
    await this.#call("deadLetters", () => this.#outlet?.close());
    await this.#call("checkpoints", () => this.#keeper?.close());
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
        this.#fail(stage, [error]);
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
    return ({ running: "completed", draining: "drained", aborting: "aborted" } as const)[
      this.#state
    ];
  }

  #settle(report: RunReport): RunReport {
    const [first] = this.#failures;
    if (first !== undefined) {
      const errors = this.#failures.flatMap((failure) => failure.errors);
      const { stage, attempts } = first;
      throw new PipelineError(this.name, stage, errors, { attempts, report });
    }
    if (this.#cancellation === undefined) return report;
    const errors = [...this.#late]; // What fails even later is not to change it.
    throw new CancelledError(this.name, this.#cancellation.reason, { errors, report });
  }

  #fail(stage: FailureStage, all: readonly unknown[], attempts = 1): void {
    const errors = all.filter((error) => !this.#isEcho(error));
    if (errors.length > 0) {
      if (this.#outcome === "aborted") this.#late.push(...errors);
      else this.#failures.push({ stage, errors, attempts });
    }
    // What was read before a source fails is still loaded.
    if (abortingStages.includes(stage)) this.#abort(all.at(-1));
  }

  /** A callback only passes on why it was aborted: by its own signal, or by that of the run. */
  #isEcho(error: unknown): boolean {
    if (this.#reasons.has(error)) return true;
    if (!this.#hard.signal.aborted) return false;
    try {
      return (error as { name?: unknown } | null | undefined)?.name === "AbortError";
    } catch {
      return false; // What cannot be looked at is told as it is.
    }
  }

  #onSignal(reason: unknown): void {
    this.#cancellation ??= { reason };
    this.#reasons.add(reason);
    // A signal that is aborted from the start lets nothing begin.
    if (this.#settings.drainTimeout === 0 || this.#giveUp === undefined) this.#abort(reason);
    else this.#drain(reason);
  }

  #drain(reason: unknown): void {
    if (this.#state !== "running") return;
    this.#state = "draining";
    this.#reasons.add(reason);
    const { drainTimeout } = this.#settings;
    this.#stopDrainTimer = after(drainTimeout, () => {
      const words = `The run was not drained within ${drainTimeout} ms`;
      this.#cancellation ??= { reason: new DOMException(words, "TimeoutError") };
      this.#abort(this.#cancellation.reason);
    });
    this.#flow.drain(reason);
  }

  #abort(reason: unknown): void {
    if (this.#state === "aborting") return;
    this.#state = "aborting";
    this.#abortCallbacks(reason);
    this.#flow.halt(this.#hard.signal.reason);
  }

  #abortCallbacks(reason: unknown): void {
    if (this.#hard.signal.aborted) return;
    this.#startAbortTimer();
    this.#hard.abort(reason);
    this.#reasons.add(this.#hard.signal.reason);
  }

  #startAbortTimer(): void {
    this.#stopAbortTimer();
    this.#stopAbortTimer = after(this.#settings.abortTimeout, () => this.#giveUp?.());
  }
}

/** Locks the stream of the dead letters, where there is one. */
function outletOf<E>(action: string, settings: RunSettings<E>): DeadLetterOutlet | undefined {
  const { deadLetters, maxDeadLetters: max } = settings;
  if (deadLetters === undefined) return undefined;
  const isOwned = typeof deadLetters === "function";
  return new DeadLetterOutlet({
    action,
    stream: isOwned ? deadLetters() : deadLetters,
    isOwned,
    max,
  });
}
