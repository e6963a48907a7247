import { Etl } from "../../etl/etl.ts";
import { settingsOf } from "../../pipeline/guarantee.ts";
import { Run } from "../../run/run.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { RunEvent } from "../../pipeline/run-event.ts";
import type { RunOptions, RunSettings } from "../../pipeline/run-options.ts";
import { instrumentedPipeline } from "./instrumented-pipeline.ts";
import { RunWatch, type Telemetry } from "./run-watch.ts";

/** A pipeline whose runs are reported to OpenTelemetry. */
export class InstrumentedEtl<E, T> extends Etl<E, T> {
  readonly #etl: Etl<E, T>;
  readonly #telemetry: Telemetry;

  /** Makes it from one whose runs are not told. */
  constructor(etl: Etl<E, T>, telemetry: Telemetry) {
    // For code that starts a run from the pipeline and its defaults, as a manager and `replay` do.
    const watches = new Map<string, RunWatch>();
    const wrapsTransform = telemetry.tracing !== undefined;
    const watchOf = ({ runId }: { runId: string }) => {
      const watch = watches.get(runId);
      return watch?.isTold ? watch : undefined;
    };
    const observe = (event: RunEvent) => observeAny(watches, telemetry, event);
    super(instrumentedPipeline(etl.pipeline, { watchOf, wrapsTransform, observe }), etl.defaults);
    this.#etl = etl;
    this.#telemetry = telemetry;
  }

  /**
   * Begins a run within its span, so that whatever the run calls later is called within it as well.
   * @throws {ConfigurationError} If an option is unknown or breaks its rule.
   */
  override start(options: RunOptions<E> = {}): Run {
    const { pipeline, defaults } = this.#etl;
    // Of the pipeline that is watched: it has an observer.
    const settings = settingsOf(`run pipeline "${this.name}"`, this.pipeline, options, defaults);
    const watch = new RunWatch(this.#telemetry);
    const begin = (pipeline: Pipeline<E, T>) =>
      new Run(pipeline as Pipeline<unknown, unknown>, settings as RunSettings<unknown>);
    if (!watch.isTold) return begin(pipeline); // No SDK, no cost.
    const watched = instrumentedPipeline(pipeline, {
      watchOf: () => watch,
      wrapsTransform: false,
      observe: (event) => watch.observe(event),
    });
    try {
      return watch.scope.run(() => begin(watched));
    } catch (error) {
      watch.refuse(error);
      throw error;
    }
  }
}

/** Tells the event of any run to what watches it, from its first event to its last. */
function observeAny(watches: Map<string, RunWatch>, telemetry: Telemetry, event: RunEvent): void {
  const { runId, type } = event;
  const watch = watches.get(runId) ?? new RunWatch(telemetry);
  if (type === "run:end") watches.delete(runId);
  else watches.set(runId, watch);
  if (watch.isTold) watch.observe(event);
}
