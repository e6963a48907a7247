import { type Chunks, chunks } from "../../streams/chunks.ts";
import { isMalformed } from "../../streams/malformed-mark.ts";
import type { Row } from "./endpoint.ts";

/** Rows that are looked at where nothing else tells of columns. */
const sampleSize = 1000;

/** The first rows of a source. */
export interface Sample {
  readonly rows: readonly Row[];
  /** All rows, those that were looked at included, for a source that cannot be read twice. */
  readonly rest: Chunks<Row>;
  /** Ends reading, where the rest is not wanted. */
  close(): Promise<unknown>;
}

/**
 * Looks at the first rows of a source. What it cannot read after them is no concern here: the run
 * that follows finds it in its place.
 */
export async function sampleOf({ source }: Chunks<Row>): Promise<Sample> {
  const iterator = iteratorOf(source);
  const seen: (readonly Row[])[] = [];
  let count = 0;
  let failure: { readonly error: unknown } | undefined;
  while (count < sampleSize && failure === undefined) {
    try {
      const { done, value } = await iterator.next();
      if (done) break;
      seen.push(value);
      count += value.length;
    } catch (error) {
      if (count === 0) throw error;
      failure = { error };
    }
  }
  const rows = seen.flat().slice(0, sampleSize).filter((row) => !isMalformed(row));
  return {
    rows,
    rest: chunks(restOf(seen, iterator, failure)),
    close: () => Promise.resolve(iterator.return?.()),
  };
}

type Iteration = AsyncIterator<readonly Row[]> | Iterator<readonly Row[]>;

function iteratorOf(source: Chunks<Row>["source"]): Iteration {
  return Symbol.asyncIterator in source
    ? (source as AsyncIterable<readonly Row[]>)[Symbol.asyncIterator]()
    : (source as Iterable<readonly Row[]>)[Symbol.iterator]();
}

async function* restOf(
  seen: readonly (readonly Row[])[],
  iterator: Iteration,
  failure: { readonly error: unknown } | undefined,
): AsyncGenerator<readonly Row[]> {
  try {
    yield* seen;
    if (failure) throw failure.error;
    for (;;) {
      const { done, value } = await iterator.next();
      if (done) return;
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}
