import type { NamedInput } from "../../bytes/input.ts";
import { blankCheckpoint, rangesOf } from "../../checkpoints/checkpoint.ts";
import { fail, nonEmptyString } from "../../options.ts";
import type { HeldKey } from "./held-key.ts";
import { manifestName, partOf } from "./names.ts";
import { ObjectError } from "./object-error.ts";
import type { R2Bucket } from "./r2-store.ts";
import { readObject } from "./read-object.ts";
import { type ObjectStore, textIn } from "./store.ts";
import { storeOf } from "./store-of.ts";

/** An entry of a manifest: one object of rows. */
export interface ManifestPart {
  /** Its file name, in the folder of the manifest. */
  readonly name: string;
  /** The offset of its first item in the source. */
  readonly from: number;
  /** The offset after its last item. */
  readonly to: number;
  /** Number of its rows. */
  readonly rows: number;
  /** Its stored size in bytes. */
  readonly bytes: number;
}

/** List of all objects of a completed run. */
export interface Manifest {
  /** Version of the manifest format. */
  readonly version: 1;
  /** The key of the checkpoint, usually the name of the pipeline. */
  readonly key: string;
  /** The run that completed the manifest. */
  readonly runId: string;
  /** Number of finished source items, including those without rows. */
  readonly items: number;
  /** Number of rows in all parts. */
  readonly rows: number;
  /** Total size of all parts in bytes. */
  readonly bytes: number;
  /** The parts, in the order of the source. */
  readonly parts: readonly ManifestPart[];
}

/** Writes the manifest of the valid parts, and removes the parts that no manifest will name. */
export async function putManifest(store: ObjectStore, held: HeldKey): Promise<Manifest> {
  await held.checkOwner();
  const { folder, mark, runId } = held;
  const parts = [...held.parts.values()]
    .sort((a, b) => a.from - b.from || a.to - b.to)
    .map(({ name, from, to, rows, bytes }): ManifestPart => ({ name, from, to, rows, bytes }));
  const done = rangesOf(mark.checkpoint ?? blankCheckpoint);
  const manifest: Manifest = {
    version: 1,
    key: folder.key,
    runId,
    items: done.reduce((sum, [from, to]) => sum + to - from, 0),
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    parts,
  };
  const bytes = new TextEncoder().encode(`${JSON.stringify(manifest)}\n`);
  await store.put(folder.path + manifestName, bytes, { contentType: "application/json" });
  await folder.clean(await straysIn(store, held));
  return manifest;
}

/**
 * Returns the leftovers of earlier runs that do not count. Those that keep out a part of this claim
 * stay until there is another claim: that part may still be on its way, and would count.
 */
async function straysIn(store: ObjectStore, { folder, parts, epoch }: HeldKey): Promise<string[]> {
  const strays: string[] = [];
  for await (const { key } of store.list(`${folder.path}part-`)) {
    const name = key.slice(folder.path.length);
    const part = partOf(name);
    const isOld = part === undefined ? name.endsWith(".tmp") : part.epoch < epoch;
    if (isOld && !parts.has(name)) strays.push(name);
  }
  return strays;
}

/**
 * Opens the parts that a manifest names, in the order of the source, as one input for any reader of this
 * package. The manifest is read when reading starts, and each part is opened when its turn comes.
 *
 * @param key The key of the manifest, such as `"exports/users/manifest.json"`.
 * @throws {ConfigurationError} If an argument breaks its rule. Reading fails with an `ObjectError` if
 *   there is no such manifest, or a part is missing or differs from the manifest.
 *
 * @example All that a sink has written
 * ```ts
 * import { etl } from "millrace";
 * import { folderStore, objectSink, readParts } from "millrace/object";
 * import { encodeNdjson, readNdjson } from "millrace/ndjson";
 * import { equal } from "node:assert/strict";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 *
 * const store = folderStore(mkdtempSync(`${tmpdir()}/objects-`));
 * const sink = objectSink(store, { format: encodeNdjson() });
 * const { load, checkpoints, writeManifest: postProcess } = sink;
 * await etl({ name: "ids", extract: () => [{ id: 1 }, { id: 2 }], load, postProcess })
 *   .run({ batchSize: 1, checkpoints });
 *
 * const extract = () => readNdjson(readParts(store, "ids/manifest.json"));
 * equal((await etl({ name: "copy", extract, load: () => {} }).run()).loaded, 2);
 * ```
 */
export function readParts(
  store: ObjectStore | R2Bucket,
  key: string,
): AsyncIterable<NamedInput> {
  const action = "read parts";
  const objects = storeOf(action, store);
  if (!nonEmptyString.test(key)) fail(action, "key", nonEmptyString.expected, key);
  return {
    async *[Symbol.asyncIterator]() {
      const folder = key.slice(0, key.lastIndexOf("/") + 1);
      for (const { name, bytes } of (await manifestIn(objects, key)).parts) {
        yield readObject(objects, folder + name, { size: bytes });
      }
    },
  };
}

async function manifestIn(store: ObjectStore, key: string): Promise<Manifest> {
  const text = await textIn(store, key);
  const told = `Cannot read parts: ${JSON.stringify(key)}`;
  if (text === undefined) throw new ObjectError(`${told} is not there`);
  try {
    const manifest = JSON.parse(text) as Manifest;
    if (manifest.version === 1 && Array.isArray(manifest.parts)) return manifest;
  } catch {
    // It is told below.
  }
  throw new ObjectError(`${told} is no manifest of objectSink`);
}
