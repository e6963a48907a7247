import { messageOf } from "../../errors.ts";
import type { LoadContext } from "../../pipeline/pipeline.ts";
import type { RunEvent } from "../../pipeline/run-event.ts";
import type { RunReport } from "../../report-types.ts";
import { type BatchListener, BatchWatch } from "./batch-watch.ts";
import type { ItemOutcome, Meters } from "./meters.ts";
import type { OtelAttributes } from "./otel-api.ts";
import { type Failure, failureOf, noScope, type Scope, type Tracing, typeOf } from "./scope.ts";

/** Receivers of the telemetry of the runs of a pipeline. */
export interface Telemetry {
  /** Begins spans, where there is a tracer. */
  readonly tracing: Tracing | undefined;
  /** Metrics to record to. */
  readonly meters: Meters;
  /** Attributes of every span and of every metric; one is the name of the pipeline. */
  readonly attributes: OtelAttributes;
}

/** Maximum number of remembered errors that are not objects. */
const mostValues = 100;

type EventOf<T extends RunEvent["type"]> = Extract<RunEvent, { type: T }>;

/** Watches one run: its events tell what becomes of it, and its loads are made within spans. */
export class RunWatch implements BatchListener {
  /** Metrics to record to. */
  readonly meters: Meters;
  /** Attributes of every span. */
  readonly attributes: OtelAttributes;
  /** The span of the run. */
  readonly scope: Scope;
  /** True if no further call begins. */
  isStopping = false;
  readonly #batches = new Map<number, BatchWatch>(); // Those that are not finished.
  readonly #counted = { loaded: 0, skipped: 0, dead_lettered: 0, returned: 0, batches: 0 };
  readonly #recorded = new WeakSet<object>(); // Errors that a span has.
  readonly #recordedValues = new Set<unknown>(); // The same of errors that are not objects.
  #failure: Failure | undefined; // The first one.

  /** Begins the span of a run, below the one that is active. */
  constructor({ tracing, meters, attributes }: Telemetry) {
    this.meters = meters;
    this.attributes = attributes;
    const name = `run ${attributes["millrace.pipeline"]}`;
    this.scope = tracing?.begin(name, attributes) ?? noScope;
  }

  /** True if there is a receiver: if not, the run need not be watched. */
  get isTold(): boolean {
    return this.scope.isTold || this.meters.isTold;
  }

  /** Calls a load for so many rows, as the active span. */
  load(rows: number, context: LoadContext, call: () => unknown): unknown {
    return this.#batch(context.batch.sequence).call(rows, context, call);
  }

  /** Takes what happens. */
  observe(event: RunEvent): void {
    if (event.type === "batch:load") this.#onBatch(event);
    else if (event.type === "batch:retry") this.#onRetry(event);
    else if (event.type === "item:dead-letter") this.#onDeadLetter(event);
    else if (event.type === "run:failure") this.#onFailure(event);
    else if (event.type === "run:abort") this.#onAbort(event.reason);
    else if (event.type === "run:drain") this.#note("drain", { reason: messageOf(event.reason) });
    else if (event.type === "run:short") {
      this.#note("short", { total: event.total, extracted: event.extracted });
    } else if (event.type === "run:stall") {
      const { stage, duration } = event;
      this.#note("stalled", { stage, duration: duration / 1000 });
    } else if (event.type === "run:end") this.#onEnd(event.report);
  }

  /** The run could not begin. */
  refuse(error: unknown): void {
    this.record(error, this.scope);
    this.scope.end(failureOf(error));
  }

  /** Adds an error to a span. The error of a load is not an event of the run as well. */
  record(error: unknown, scope: Scope): void {
    if (!scope.isTold) return;
    const isObject = Object(error) === error;
    const known = isObject ? this.#recorded : this.#recordedValues;
    if (known.has(error as object)) return;
    if (!scope.record(error)) return;
    if (isObject || this.#recordedValues.size < mostValues) known.add(error as object);
  }

  #batch(sequence: number): BatchWatch {
    let batch = this.#batches.get(sequence);
    if (batch === undefined) this.#batches.set(sequence, batch = new BatchWatch(this));
    return batch;
  }

  /** Tells what happened, within the run where the batch has no span yet. */
  #note(event: string, facts: OtelAttributes, batch: Scope = noScope): void {
    const scope = batch.isTold ? batch : this.scope;
    if (!scope.isTold) return;
    const named = Object.entries(facts).map(([name, fact]) => [`millrace.${name}`, fact] as const);
    scope.event(`millrace.${event}`, Object.fromEntries(named));
  }

  #onBatch(event: EventOf<"batch:load">): void {
    const {
      sequence,
      loaded,
      skipped,
      times: { batchedAt, transformedAt, loadStartedAt, endedAt: ended },
    } = event;
    const batch = this.#batches.get(sequence) ?? new BatchWatch(this);
    this.#batches.delete(sequence);
    batch.begin(event, ended - batchedAt); // It may have had nothing to load.
    if (batch.scope.isTold && batch.loads > 0) {
      batch.scope.describe({
        "millrace.batch.transform_duration": (transformedAt - batchedAt) / 1000,
        "millrace.batch.wait_duration": (loadStartedAt - transformedAt) / 1000,
      });
    }
    batch.end();
    this.meters.batch(ended - batchedAt);
    this.#count("loaded", loaded);
    this.#count("skipped", skipped);
    this.#countBatches(batch.loads);
  }

  #onRetry({ stage, sequence, attempt, delay, error }: EventOf<"batch:retry">): void {
    const batch = this.#batches.get(sequence);
    if (stage === "load") batch?.leave(); // If it took too long, it may still be running.
    this.meters.retry(stage, typeOf(error));
    this.#note("retry", { stage, attempt, delay: delay / 1000 }, batch?.scope);
  }

  #onDeadLetter({ sequence, letter }: EventOf<"item:dead-letter">): void {
    const batch = this.#batches.get(sequence);
    this.#count("dead_lettered", 1);
    const { stage, offset, attempts, error } = letter;
    this.#note("dead_letter", { stage, offset, attempts, error: messageOf(error) }, batch?.scope);
  }

  #onFailure({ errors }: EventOf<"run:failure">): void {
    this.#failure ??= failureOf(errors[0]);
    for (const error of errors) this.record(error, this.scope);
  }

  #onAbort(reason: unknown): void {
    this.isStopping = true;
    this.#note("abort", { reason: messageOf(reason) });
    for (const batch of this.#batches.values()) if (batch.isIdle) batch.end();
  }

  #onEnd(report: RunReport): void {
    const { runId, outcome, extracted, loaded, skipped, deadLettered, returned, pending } = report;
    for (const batch of this.#batches.values()) batch.end();
    this.#batches.clear();
    this.#count("loaded", loaded - this.#counted.loaded);
    this.#count("skipped", skipped - this.#counted.skipped);
    this.#count("returned", returned);
    this.#countBatches(report.batches - this.#counted.batches);
    this.meters.run(report);
    this.scope.describe({
      "millrace.run.id": runId,
      "millrace.outcome": outcome,
      "millrace.items.extracted": extracted,
      "millrace.items.loaded": loaded,
      "millrace.items.skipped": skipped,
      "millrace.items.dead_lettered": deadLettered,
      ...(returned > 0 && { "millrace.items.returned": returned }),
      "millrace.items.pending": pending,
      "millrace.batches": report.batches,
      "millrace.retries": report.retries,
    });
    this.scope.end(outcome === "failed" ? this.#failure : undefined);
  }

  #count(outcome: ItemOutcome, count: number): void {
    this.#counted[outcome] += Math.max(0, count);
    this.meters.items(outcome, count);
  }

  #countBatches(count: number): void {
    this.#counted.batches += Math.max(0, count);
    this.meters.batches(count);
  }
}
