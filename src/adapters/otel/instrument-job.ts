import { etl } from "../../etl/etl.ts";
import { callable, fail, nonEmptyString } from "../../options.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import { type InstrumentOptions, telemetryOf } from "./instrument.ts";
import { InstrumentedEtl } from "./instrumented-etl.ts";

/** The subset of a job of `millrace/jobs` that is used. */
export interface InstrumentableJob<P, E, T> {
  /** The name of the pipeline of each partition. */
  readonly name: string;
  /** Yields all partitions. */
  split(context: { readonly signal: AbortSignal }): Iterable<P> | AsyncIterable<P>;
  /** Returns the name of a partition. */
  id(partition: P): string;
  /** Returns the pipeline that a worker runs for a partition. */
  pipeline(partition: P): Omit<Pipeline<E, T>, "name">;
}

/** Number of partitions of a job, by outcome. */
export interface CountedPartitions {
  /** All partitions. */
  readonly total: number;
  /** Partitions that a worker has now. */
  readonly held: number;
  /** Partitions whose runs have completed. */
  readonly completed: number;
  /** Partitions that failed too often. */
  readonly dead: number;
  /** Partitions that are not run any more, as the job was cancelled. */
  readonly cancelled: number;
}

/** A job that reports its runs and partitions to OpenTelemetry. */
export interface InstrumentedJob<P, E, T> extends InstrumentableJob<P, E, T> {
  /** The `onProgress` of `coordinate`, which counts partitions by state. Use it in one coordinator only. */
  readonly onProgress: (snapshot: { readonly partitions: CountedPartitions }) => void;
}

/**
 * Returns a job that does the same and reports to OpenTelemetry. The run of each partition is reported as
 * by `instrument`, and its spans have the partition's id as `millrace.partition`. If you pass its
 * `onProgress` to `coordinate`, the metric `millrace.job.partitions` counts by
 * `millrace.partition.state`: `open`, `held`, `completed`, `dead` or `cancelled`.
 *
 * @example With the API alone, nobody listens
 * ```ts
 * import * as api from "@opentelemetry/api";
 * import { coordinate, type Job, MemoryJobStore, work } from "millrace/jobs";
 * import { instrumentJob } from "millrace/otel";
 * import { equal } from "node:assert/strict";
 *
 * const numbers: Job<number, number> = {
 *   name: "numbers",
 *   split: () => [0, 10],
 *   id: (from) => `from ${from}`,
 *   pipeline: (from) => ({ extract: () => [from, from + 1], load: () => {} }),
 * };
 * const job = instrumentJob(numbers, { api });
 * const store = new MemoryJobStore();
 * const working = work(job, { store, until: "done" });
 * equal((await coordinate(job, { store, onProgress: job.onProgress })).loaded, 4);
 * await working;
 * ```
 *
 * @throws {ConfigurationError} If it is not a job, an option is unknown or breaks its rule, or there is a
 *   tracer without `api`, which provides the parents of its spans.
 */
export function instrumentJob<P, E, T>(
  job: InstrumentableJob<P, E, T>,
  options: InstrumentOptions = {},
): InstrumentedJob<P, E, T> {
  const { name, pipeline } = Object(job) as Partial<InstrumentableJob<P, E, T>>;
  if (!nonEmptyString.test(name) || !callable.test(pipeline)) {
    fail("instrument a job", "job", "a job, with 'name', 'split', 'id' and 'pipeline'", job);
  }
  const { meter, ...telemetry } = telemetryOf(`instrument job "${name}"`, job.name, options);
  const counter = meter?.createUpDownCounter("millrace.job.partitions", {
    unit: "{partition}",
    description: "Partitions of a job.",
  });
  let told: Readonly<Record<string, number>> = {};
  return {
    name: job.name,
    split: (context) => job.split(context),
    id: (partition) => job.id(partition),
    pipeline(partition) {
      const attributes = { ...telemetry.attributes, "millrace.partition": job.id(partition) };
      const own = etl({ ...job.pipeline(partition), name: job.name } as Pipeline<E, T>);
      return new InstrumentedEtl(own, { ...telemetry, attributes }).pipeline;
    },
    onProgress({ partitions: { total, held, completed, dead, cancelled } }) {
      const open = total - held - completed - dead - cancelled;
      const counts = { open, held, completed, dead, cancelled };
      for (const [state, count] of Object.entries(counts)) {
        const change = count - (told[state] ?? 0);
        const attributes = { ...telemetry.attributes, "millrace.partition.state": state };
        if (change !== 0) counter?.add(change, attributes);
      }
      told = counts;
    },
  };
}
