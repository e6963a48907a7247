import {
  type Checkpoint,
  chunks,
  type DoneRange,
  MemoryCheckpointStore,
  type Source,
} from "../../../src/index.ts";
import { streamOf } from "../streams/streams.ts";

/** Every kind of source. */
export const resumableKinds = [
  ...["stream", "async", "sync", "array"] as const,
  ...["chunks-stream", "chunks-async", "chunks-sync", "chunks-array"] as const,
];
/** A kind of source. */
export type ResumableKind = typeof resumableKinds[number];

/** The numbers from `from` up to `to`, in chunks of 3 where the kind is one of chunks. */
export function numbers(kind: ResumableKind, to: number, from = 0): Source<number> {
  const all = Array.from({ length: Math.max(0, to - from) }, (_, n) => from + n);
  if (!kind.startsWith("chunks-")) return opened(kind, all);
  const thirds = all.filter((_, n) => n % 3 === 0).map((n) => all.slice(n - from, n - from + 3));
  return chunks(opened(kind.slice("chunks-".length), thirds));
}

function opened<C>(kind: string, values: readonly C[]): ReadableStream<C> | AsyncIterable<C> | C[] {
  if (kind === "stream") return streamOf(values);
  if (kind === "async") return generate(values);
  // A source of its own kind is read by its iterator.
  return kind === "sync" ? values.values() as unknown as C[] : [...values];
}

async function* generate<C>(values: readonly C[]): AsyncGenerator<C> {
  for (const value of values) {
    await null;
    yield value;
  }
}

/** A store to which an earlier run has written how far it came. */
export function storeAt(
  offset: number,
  done: readonly DoneRange[] = [],
  more: Partial<Checkpoint> = {},
): MemoryCheckpointStore {
  const store = new MemoryCheckpointStore();
  store.write("numbers", { offset, done, updatedAt: 1, ...more });
  return store;
}
