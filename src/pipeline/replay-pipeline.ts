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

/** Feeds dead letters to the functions of a pipeline, each from the stage that failed. */
export class ReplayPipeline<E, T> implements Pipeline<Replayed<E>, T> {
  /** Name by which every copy of this package recognises the class. */
  static readonly millrace: string = "ReplayPipeline";

  /** The name of the pipeline. */
  readonly name: string;
  /** Where the pipeline has one: spares a letter that has its row. */
  readonly transform: ((item: Replayed<E>, context: PipelineContext) => RowOf<T>) | undefined;
  /** Where the pipeline has one: spares the letters that have their rows. */
  readonly transformBatch:
    | ((
      items: Replayed<E>[],
      context: PipelineContext,
    ) => TransformedBatch<T> | PromiseLike<TransformedBatch<T>>)
    | undefined;
  /** Whose functions these are. */
  readonly pipeline: Pipeline<E, T>;
  /** Gives the letters; the pipeline's own source is left alone. */
  readonly extract: () => Source<Replayed<E>>;

  /** As the pipeline does. */
  readonly load: Pipeline<Replayed<E>, T>["load"];

  /** Joins letters to a pipeline. */
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

  /** As the pipeline does. */
  preProcess(context: PipelineContext): unknown {
    return this.pipeline.preProcess?.(context);
  }

  /** As the pipeline does. */
  postProcess(context: PipelineContext): unknown {
    return this.pipeline.postProcess?.(context);
  }

  /** As the pipeline does. */
  finalize(outcome: Outcome, context: PipelineContext): unknown {
    return this.pipeline.finalize?.(outcome, context);
  }

  /** Without a transform what is loaded is what was extracted. */
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

/** Its load failed, and not the transform that a pipeline may have. */
function hasRow(letter: DeadLetter): boolean {
  return letter.stage === "load" && "row" in letter;
}

/** For a replay of a pipeline: its functions take items and not letters, and letters have no order. */
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
