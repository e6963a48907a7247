import { etl, type Run, type RunOptions, type RunReport, skip } from "../../../src/index.ts";
import { CountedSignal } from "../streams/counted-signal.ts";
import { problemsAt } from "./invariants.ts";
import { ScriptedSource, type SourceScript } from "./sources.ts";
import { untilAborted, wait } from "./time.ts";

/** How a callback behaves from its call `faultAt` on. */
export const behaviours = [
  ...["sync", "async", "thenable", "throw", "reject", "hang", "deaf", "late"] as const,
];
/** A behaviour of a callback; "hang" heeds its signal, "deaf" never settles, "late" only ignores it. */
export type Behaviour = typeof behaviours[number];

/** A run with everything that may go wrong in it. */
export interface Script {
  source: SourceScript;
  transform: Behaviour | "none";
  load: Behaviour;
  /** The call of each callback from which on it misbehaves. */
  faultAt?: number;
  /** What stops the run, and the point at which it does. */
  stop?: "signal" | "drain" | "abort";
  at?: number;
  options?: RunOptions<number>;
  /** The hooks take no time. */
  isQuick?: boolean;
}

/** What is left of a stop that nobody asked for. */
export const stopReason = new Error("stopped by the test");

/** A run of a script, watched from outside. */
export class Scenario {
  readonly run: Run;
  readonly source: ScriptedSource;
  readonly signal = new CountedSignal();
  readonly failure = new Error("the callback failed");
  /** Points that were passed. */
  points = 0;
  running = 0;
  begun = 0;
  loaded: number[] = [];
  /** What each load was told and given. */
  readonly batches: { readonly size: number; readonly length: number }[] = [];
  /** Kept as it was when the run settled. */
  end:
    | { report: RunReport | undefined; running: number; begun: number; loaded: number }
    | undefined;
  error: unknown;
  finalized: string[] = [];
  /** What did not hold while it was at work. */
  readonly broken: Set<string> = new Set();
  /** Calls that began after `abort` had returned. */
  tooLate = 0;
  #hasAborted = false;
  readonly #script: Script;
  #calls = { transform: 0, load: 0 };

  constructor(script: Script) {
    this.#script = script;
    this.source = new ScriptedSource({ ...script.source, point: () => this.#point() });
    const { concurrency, ...rest } = script.options ?? {};
    const options = {
      ...{ abortTimeout: 50, ...rest, signal: this.signal.signal },
      ...(script.transform !== "none" && { concurrency }), // Without a transform it is refused.
    };
    const { source } = this.source;
    this.run = etl<number, number>({
      name: "scenario",
      preProcess: () => this.#hook(),
      extract: async ({ signal }) => {
        this.source.signal = signal;
        await this.#hook();
        return source;
      },
      ...script.transform !== "none" && {
        transform: (n, { signal }) =>
          this.#behave("transform", signal, n % 5 === 4 ? skip : n, () => {}),
      },
      load: (items: number[], { signal, batch }) => {
        this.batches.push({ size: batch.size, length: items.length });
        return this.#behave("load", signal, undefined, () => void this.loaded.push(...items));
      },
      postProcess: () => this.#hook(),
      finalize: (outcome) => (this.finalized.push(outcome), this.#hook()),
    }).start(options);
    this.run.finished.then((report) => this.#settle(report), (error) => {
      this.error = error;
      this.#settle((error as { report?: RunReport }).report);
    });
  }

  #settle(report: RunReport | undefined): void {
    const { running, begun, loaded } = this;
    this.end = { report, running, begun, loaded: loaded.length };
  }

  /** Passes a point, and stops the run if it is the one. */
  #point(): void {
    for (const problem of problemsAt(this.run?.snapshot(), this.#script)) this.broken.add(problem);
    if (this.points++ === this.#script.at) this.stop();
  }

  /** Stops the run as the script says. */
  stop(): void {
    const { stop } = this.#script;
    if (stop === "signal") this.signal.abort(stopReason);
    else if (stop === "drain") this.run.drain();
    else if (stop === "abort") {
      this.run.abort(stopReason);
      this.#hasAborted = true;
    }
  }

  async #hook(): Promise<void> {
    this.begun++;
    this.#point();
    await null;
    this.#point();
    if (!this.#script.isQuick) await wait(1);
    this.#point();
  }

  #behave<R>(
    stage: "transform" | "load",
    signal: AbortSignal,
    result: R,
    done: () => void,
  ): R | PromiseLike<R> {
    const { faultAt = 0 } = this.#script;
    const isFaulty = this.#calls[stage]++ >= faultAt;
    const behaviour = isFaulty ? this.#script[stage] as Behaviour : "async";
    this.begun++;
    if (this.#hasAborted) this.tooLate++;
    if (behaviour === "throw") throw (this.#point(), this.failure);
    this.#point();
    if (behaviour === "sync") return (done(), result);
    this.running++;
    const settled = this.#answer(behaviour, signal).then(() => (done(), result)).finally(() => {
      this.running--;
    });
    if (behaviour !== "thenable") return settled;
    const then = (resolve: (value: R) => void, reject: (error: unknown) => void) =>
      void settled.then((value) => (resolve(value), resolve(value)), reject);
    return { then } as unknown as PromiseLike<R>;
  }

  async #answer(behaviour: Behaviour, signal: AbortSignal): Promise<void> {
    await null;
    this.#point();
    if (behaviour === "reject") throw this.failure;
    if (behaviour === "hang") await untilAborted(signal);
    else if (behaviour === "deaf") await new Promise<never>(() => {});
    else await wait(behaviour === "late" ? 30 : 1);
    this.#point();
  }
}
