import { isOf } from "../errors.ts";
import type { DeadLetter } from "../dead-letters/dead-letter.ts";
import { Replayed } from "../dead-letters/replayed.ts";
import type { Outcome } from "../report-types.ts";
import type { Source } from "../streams/source.ts";
import { type OwnSettings, ownSettings } from "./own-settings.ts";
import { batchResults } from "./batch-results.ts";
import {
  batchSizeOfLoad,
  type LoadContext,
  type Pipeline,
  type PipelineContext,
  type Transformed,
  type TransformedBatch,
} from "./pipeline.ts";
import type { RetryByStage } from "./retry-by-stage.ts";
import { isThenable } from "../runtime/thenable.ts";
import { type Observed, observedBy } from "./run-event.ts";

/** Feeds dead letters to the functions of a pipeline, each to the stage that failed. */
export class ReplayPipeline<E, T> implements Pipeline<Replayed<E>, T> {
  /** Name by which all copies of this package recognise the class. */
  static readonly millrace: string = "ReplayPipeline";

  /** The name of the pipeline. */
  readonly name: string;
  /** Transform of the pipeline, if it has one. A letter that has its row bypasses it. */
  readonly transform: ((item: Replayed<E>, context: PipelineContext) => RowOf<T>) | undefined;
  /** Batch transform of the pipeline, if it has one. Letters that have their rows bypass it. */
  readonly transformBatch:
    | ((
      items: Replayed<E>[],
      context: PipelineContext,
    ) => TransformedBatch<T> | PromiseLike<TransformedBatch<T>>)
    | undefined;
  /** Pipeline whose functions are called. */
  readonly pipeline: Pipeline<E, T>;
  /** Returns the letters; the source of the pipeline is not read. */
  readonly extract: () => Source<Replayed<E>>;

  /** Calls the function of the pipeline. */
  readonly load: Pipeline<Replayed<E>, T>["load"];

  /** Creates the replay of letters with a pipeline. */
  constructor(pipeline: Pipeline<E, T>, extract: () => Source<Replayed<E>>) {
    this.name = pipeline.name;
    this.extract = extract;
    this.pipeline = pipeline;
    const load = (items: T[], context: LoadContext) =>
      pipeline.load(items.map((item) => this.#unwrap(item)), context);
    this.load = Object.assign(load, { batchSize: batchSizeOfLoad(pipeline) });
    const observers = (pipeline as Observed)[observedBy];
    Object.assign(this, { [observedBy]: observers, [ownSettings]: settingsOfReplay });
    if (pipeline.transform !== undefined) {
      this.transform = ({ letter }, context) =>
        hasRow(letter) ? letter.row as T : pipeline.transform!(letter.item, context);
    }
    if (pipeline.transformBatch !== undefined) {
      this.transformBatch = (items, context) => this.#mapBatch(items, context);
    }
  }

  /** Calls the function of the pipeline. */
  preProcess(context: PipelineContext): unknown {
    return this.pipeline.preProcess?.(context);
  }

  /** Calls the function of the pipeline. */
  postProcess(context: PipelineContext): unknown {
    return this.pipeline.postProcess?.(context);
  }

  /** Calls the function of the pipeline. */
  finalize(outcome: Outcome, context: PipelineContext): unknown {
    return this.pipeline.finalize?.(outcome, context);
  }

  /** Returns the item: without a transform, items are loaded as they were extracted. */
  #unwrap(item: T): T {
    if (!isOf(item, Replayed)) return item;
    const { letter } = item as Replayed;
    return (hasRow(letter) ? letter.row : letter.item) as T;
  }

  #mapBatch(
    items: Replayed<E>[],
    context: PipelineContext,
  ): TransformedBatch<T> | PromiseLike<TransformedBatch<T>> {
    const fresh = items.filter(({ letter }) => !hasRow(letter));
    if (fresh.length === 0) return items.map(({ letter }) => letter.row as T);
    const rows = this.pipeline.transformBatch!(fresh.map(({ letter }) => letter.item), context);
    const merge = (given: TransformedBatch<T>) => {
      const mapped = batchResults(this.name, given, fresh.length).values();
      return items.map(({ letter }) => hasRow(letter) ? letter.row as T : mapped.next().value!);
    };
    return isThenable(rows) ? Promise.resolve(rows).then(merge) : merge(rows);
  }
}

type RowOf<T> = Transformed<T> | PromiseLike<Transformed<T>>;

/** Returns true if the load failed, and not the transform. */
function hasRow(letter: DeadLetter): boolean {
  return letter.stage === "load" && "row" in letter;
}

/** Settings of a replay: its functions receive items instead of letters, and letters have no order. */
const settingsOfReplay: OwnSettings = {
  ignored: [
    "checkpoints",
    "position",
    "resume",
    "partition",
    "lease",
    "checkpointInterval",
    "whenCompleted",
    "fingerprint",
    "guarantee",
  ],
  expected: "omitted in a replay, which has no checkpoints",
  adapt<S extends object>(settings: S): S {
    const copy = { ...settings } as Record<string, unknown>;
    for (const name of this.ignored) delete copy[name];
    const { extract, ...others } = Object(copy.retry) as RetryByStage;
    if (extract) copy.retry = { ...others, extract: { ...extract, maxAttempts: 1 } }; // Letters come once.
    for (const name of ["sizeOf", "flushWhen"]) {
      const measure = copy[name];
      if (typeof measure !== "function") continue;
      copy[name] = (item: unknown) => measure(isOf(item, Replayed) ? item.letter.item : item);
    }
    return copy as S;
  },
};
