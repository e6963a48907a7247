import {
  BatchError,
  type DeadLetter,
  etl,
  type Pipeline,
  RetryAfterError,
  type Run,
  type RunOptions,
  type RunReport,
  type RunSnapshot,
  skip,
  SplitError,
} from "../../../src/index.ts";
import { CountedSignal } from "../streams/counted-signal.ts";
import { ScriptedSource, type SourceScript } from "./sources.ts";
import { untilAborted, wait } from "./time.ts";

/** What is to become of an item. */
export const fates = [
  ...["fine", "skip", "transform fails once", "transform fails", "load fails once"] as const,
  ...["load fails", "load names it", "load names it wrongly", "load takes too long"] as const,
  ...["load is busy once", "load is busy"] as const,
];
/** What is to become of an item. */
export type Fate = typeof fates[number];

/** A run in which much may go wrong, and something is done about it. */
export interface ResilienceScript {
  readonly source: SourceScript;
  /** Of the items, one after the other, and from the first one on again. */
  readonly fates: readonly Fate[];
  /** How the items are mapped. */
  readonly map: "none" | "item" | "batch";
  /** Time that each call takes in milliseconds; 0 for a call that gives no promise. */
  readonly delay: number;
  /** The most rows that a load takes. */
  readonly maxRows: number;
  readonly hasDeadLetters: boolean;
  /** Time that a dead letter takes. */
  readonly letterDelay: number;
  readonly acknowledges: boolean;
  readonly stop?: { readonly how: "signal" | "drain" | "abort"; readonly at: number };
  readonly options: RunOptions<number>;
}

/** Such a run, with what its callbacks have seen. */
export class ResilienceScenario {
  readonly run: Run;
  readonly signal = new CountedSignal();
  readonly source: ScriptedSource;
  readonly loaded: number[] = [];
  readonly letters: DeadLetter<number>[] = [];
  readonly acknowledged: number[] = [];
  readonly rejected: number[] = [];
  /** What a snapshot did not keep to. */
  readonly broken: RunSnapshot[] = [];
  report: RunReport | undefined;
  error: unknown;
  /** Calls that began after the run was over. */
  late = 0;
  readonly #script: ResilienceScript;
  readonly #met = new Set<string>();

  constructor(script: ResilienceScript) {
    this.#script = script;
    const { deadLetters, concurrency, isolate, isolationBudget, maxDeadLetters, ...options } = {
      ...{ deadLetters: this.#stream(), ...script.options },
    };
    const pipeline = this.#pipeline();
    this.source = new ScriptedSource({ ...script.source, point: () => this.#check() });
    this.run = etl<number, number>(pipeline).start({
      ...{ ...options, signal: this.signal.signal, abortTimeout: 50 },
      ...pipeline.transform && { concurrency }, // What has no effect is refused.
      ...script.hasDeadLetters && { deadLetters, isolate, maxDeadLetters },
      ...script.hasDeadLetters && isolate !== "none" && { isolationBudget },
    });
    this.run.finished.then((report) => void (this.report = report), (error) => {
      this.error = error;
      this.report = error.report;
    });
    if (script.stop !== undefined) setTimeout(() => this.#stop(), script.stop.at);
  }

  /** What is to become of an item. */
  fateOf(item: number): Fate {
    const { fates } = this.#script;
    return fates[item % fates.length]!;
  }

  #stop(): void {
    const { how } = this.#script.stop!;
    if (how === "signal") this.signal.abort(new Error("enough"));
    else this.run[how]();
  }

  #stream(): WritableStream<DeadLetter<number>> {
    return new WritableStream({
      write: async (letter) => {
        this.#look();
        await this.#wait(this.#script.letterDelay);
        this.letters.push(letter);
      },
    });
  }

  #pipeline(): Pipeline<number, number> {
    const { map, acknowledges } = this.#script;
    const pipeline: Pipeline<number, number> = {
      name: "resilient",
      extract: ({ signal }) => {
        this.source.signal = signal;
        return this.source.source;
      },
      load: (rows, { signal }) => this.#load(rows, signal),
    };
    if (map === "item") pipeline.transform = (n) => this.#map(n);
    if (map === "batch") pipeline.transformBatch = (items) => this.#mapBatch(items);
    if (!acknowledges) return pipeline;
    pipeline.replayable = true; // Also beside checkpoints.
    pipeline.acknowledge = (items) => void (this.#look(), this.acknowledged.push(...items));
    pipeline.reject = (items) => void this.rejected.push(...items);
    return pipeline;
  }

  /** A callback begins, which looks at the run. */
  #look(): void {
    if (this.report !== undefined) this.late++;
    this.#check();
  }

  /** Looks whether all that was extracted is somewhere. */
  #check(): void {
    if (this.run === undefined) return; // The source is made first.
    const snapshot = this.run.snapshot();
    const { extracted, loaded, skipped, deadLettered, pending } = snapshot;
    const isWhole = extracted === loaded + skipped + deadLettered + pending;
    if (!isWhole || Math.min(loaded, skipped, deadLettered, pending) < 0) {
      this.broken.push(snapshot);
    }
  }

  async #wait(delay: number): Promise<void> {
    if (delay > 0) await wait(delay);
    else await null;
  }

  /** Tells whether something that happens once is to happen now. */
  #isFirst(what: string): boolean {
    return !this.#met.has(what) && this.#met.add(what) !== undefined;
  }

  #failToMap(item: number): void {
    const fate = this.fateOf(item);
    if (fate === "transform fails") throw new Error(`transform ${item}`);
    if (fate === "transform fails once" && this.#isFirst(`transform ${item}`)) {
      throw new Error(`transform ${item} once`);
    }
  }

  #map(item: number): number | typeof skip | Promise<number | typeof skip> {
    this.#look();
    const map = () => {
      this.#failToMap(item);
      return this.fateOf(item) === "skip" ? skip : item;
    };
    return this.#script.delay === 0 ? map() : this.#wait(this.#script.delay).then(map);
  }

  async #mapBatch(items: number[]): Promise<number[]> {
    this.#look();
    await this.#wait(this.#script.delay);
    for (const item of items) this.#failToMap(item);
    return items.map((item) => this.fateOf(item) === "skip" ? skip : item) as number[];
  }

  #load(rows: number[], signal: AbortSignal): void | Promise<void> {
    this.#look();
    const { maxRows, delay } = this.#script;
    const load = () => {
      if (rows.length > maxRows) throw new SplitError();
      const slow = rows.find((row) => this.fateOf(row) === "load takes too long");
      if (slow !== undefined) return untilAborted(signal);
      for (const row of rows) this.#failToLoad(row);
      this.#nameFailures(rows);
      if (signal.aborted) throw signal.reason;
      this.loaded.push(...rows);
    };
    return delay === 0 ? load() : this.#wait(delay).then(load);
  }

  #failToLoad(row: number): void {
    const fate = this.fateOf(row);
    if (fate === "load is busy" || fate === "load is busy once" && this.#isFirst(`load ${row}`)) {
      throw new RetryAfterError(3);
    }
    if (fate === "load fails" || fate === "load fails once" && this.#isFirst(`load ${row}`)) {
      throw new Error(`load ${row}`);
    }
  }

  #nameFailures(rows: number[]): void {
    const failures = new Map<number, unknown>();
    rows.forEach((row, index) => {
      const fate = this.fateOf(row);
      if (fate === "load names it") failures.set(index, new Error(`named ${row}`));
      if (fate === "load names it wrongly") failures.set(index + 1000, new Error(`named ${row}`));
    });
    if (failures.size > 0) throw new BatchError(failures);
  }
}
