import type { CheckpointStore, commitsTo } from "../../checkpoints/checkpoint.ts";
import { markOf } from "../../checkpoints/commit-mark.ts";
import type { SinkLoadContext } from "../../checkpoints/load-context.ts";
import {
  asyncLoad,
  type CheckRows,
  type SinkLoad,
  sinkLoads,
  type Wrapped,
} from "../../checkpoints/sink-loads.ts";
import { fail } from "../../options.ts";
import type { LoadContext } from "../../pipeline/pipeline.ts";
import { ObjectSinkCheckpoints } from "./checkpoints.ts";
import { encodePart } from "./encode-part.ts";
import type { EncodedRows } from "./held-key.ts";
import { type Manifest, putManifest } from "./manifest.ts";
import { folderOf } from "./names.ts";
import type { R2Bucket } from "./r2-store.ts";
import { checkSinkOptions, type ObjectSinkOptions } from "./sink-options.ts";
import type { ObjectStore } from "./store.ts";
import { storeOf } from "./store-of.ts";

/** The `load` of a sink. It accepts the rows that the format accepts. */
export interface ObjectLoad<T> {
  /** Stores the rows as one object, whose name marks the items they complete. */
  (rows: readonly T[], context: SinkLoadContext): Promise<void>;
  /** The store whose marks the load commits. */
  readonly [commitsTo]: CheckpointStore;
  /** Items in a batch, unless the run options set it: 1000, or the number that the format recommends. */
  readonly batchSize: number;
}

/** Receives the rows to store once the wrapped function has returned. Call it at most once. */
export type ObjectStage<T> = (rows: readonly T[], context?: SinkLoadContext) => Promise<void>;

/** Objects as the target of a pipeline. */
export interface ObjectSink<T> {
  /** The `load` of the pipeline. */
  readonly load: ObjectLoad<T>;
  /**
   * Wraps a function as the `load` of the pipeline. The rows that it passes to its third argument are
   * stored and marked once it has returned. If it fails, nothing is stored.
   */
  wrap<I>(
    fn: (rows: I[], context: LoadContext, load: ObjectStage<T>) => unknown,
  ): ObjectLoad<I>;
  /** The `checkpoints` of the run: `load` commits them together with its rows. */
  readonly checkpoints: Required<CheckpointStore>;
  /**
   * The `postProcess` of the pipeline. It writes `manifest.json`, which names all parts, next to them,
   * and then removes the objects that do not count. An earlier manifest is replaced.
   *
   * @throws {ConfigurationError} If the run does not use the `checkpoints` of this sink.
   */
  writeManifest(context: { readonly runId: string }): Promise<Manifest>;
}

const action = "construct objectSink";

/**
 * Writes each batch of rows as its own object into a folder, a bucket of R2, or an S3-compatible bucket.
 * If the run has `checkpoints: sink.checkpoints`, each row is in exactly one of the parts after a crash
 * at any moment and another run, even if that run cuts other batches.
 *
 * A part is named by the offsets of its items, such as
 * `users/part-000000000000-000000001000-998-000001.csv` (from, to, rows, and the number of the run's
 * claim). It is stored only if no object has its name. The names of the parts are the checkpoint: a batch
 * needs no other write. `writeManifest` as `postProcess` finally names all parts for readers; other
 * objects do not count. See `readParts`. Each part is encoded in memory: the rows of a batch together
 * with its bytes.
 *
 * Two runs at once are fenced. A part that a stopped run is still sending counts only if the next run has
 * found it. Without checkpoints each batch is stored under the name of its run, at least once.
 *
 * @throws {ConfigurationError} If an argument breaks its rule.
 *
 * @example A second run finds all rows there
 * ```ts
 * import { etl } from "millrace";
 * import { folderStore, objectSink } from "millrace/object";
 * import { encodeNdjson } from "millrace/ndjson";
 * import { deepEqual, equal } from "node:assert/strict";
 * import { mkdtempSync, readdirSync } from "node:fs";
 * import { tmpdir } from "node:os";
 *
 * const folder = mkdtempSync(`${tmpdir()}/objects-`);
 * const sink = objectSink(folderStore(folder), { format: encodeNdjson() });
 * const { load, checkpoints, writeManifest: postProcess } = sink;
 * const extract = () => [{ id: 1 }, { id: 2 }];
 * const users = etl({ name: "users", extract, load, postProcess }, { checkpoints });
 * equal((await users.run()).guarantee, "effectively-once");
 * equal((await users.run()).loaded, 0);
 * const part = "part-000000000000-000000000002-2-000001.ndjson";
 * deepEqual(readdirSync(`${folder}/users`).sort(), ["_millrace", "manifest.json", part]);
 * ```
 */
export function objectSink<T>(
  store: ObjectStore | R2Bucket,
  options: ObjectSinkOptions<T>,
): ObjectSink<T> {
  const objects = storeOf(action, store);
  const settings = checkSinkOptions(action, options);
  const checkpoints = new ObjectSinkCheckpoints(objects, settings.prefix);
  let puts = 0;
  const putUnnamed = async (runId: string, rows: EncodedRows): Promise<void> => {
    const { bytes, rows: count, ending, contentType } = rows;
    const folder = await folderOf(settings.prefix, runId);
    for (;;) {
      const name = `rows-${String(puts++).padStart(12, "0")}-${count}.${ending}`;
      if (await objects.put(folder + name, bytes, { ifAbsent: true, contentType })) return;
    }
  };
  const check: CheckRows = async (rows, context, isMarked) => {
    const { runId, batch: { key } } = context;
    const mark = key === undefined ? undefined : markOf(key, context, isMarked);
    const isDone = mark !== undefined && await checkpoints.has(mark);
    const encoded = rows.length === 0 || isDone
      ? undefined
      : await encodePart(rows as unknown as readonly T[], settings);
    return async () => {
      if (mark !== undefined) return await checkpoints.commit(mark, isDone ? "done" : encoded);
      if (encoded !== undefined) await putUnnamed(runId, encoded);
    };
  };
  const { load, wrap } = sinkLoads(checkpoints, check);
  const declared = (load: SinkLoad) => asyncLoad(checkpoints, load, settings.format.batchSize);
  return {
    load: declared(load) as unknown as ObjectSink<T>["load"],
    wrap: ((fn: Wrapped) => declared(wrap(fn))) as unknown as ObjectSink<T>["wrap"],
    checkpoints,
    async writeManifest(context) {
      const held = checkpoints.heldBy(context?.runId);
      if (held === undefined) {
        fail("write a manifest", "checkpoints", "those of the sink", "another store, or none");
      }
      return await putManifest(objects, held);
    },
  };
}
