// What one writes where a library is not wanted: the loop that fits the source, batches, a map, and up
// to so many loads in flight. It has no timer and no report, and nothing stops it.

/** How many loads are in flight at the same time, by hand and by a run. */
export const LOADS = 4;

/** What is done with the items, by hand and by a run. */
export interface Work<I, O> {
  readonly batchSize: number;
  /** Without one the items are loaded as they are. */
  readonly transform: ((item: I) => O | Promise<O>) | undefined;
  readonly isAsync: boolean;
  readonly load: (rows: O[]) => Promise<void>;
}

/** Transforms and loads a batch. */
function saved<I, O>({ transform, isAsync, load }: Work<I, O>, batch: I[]): Promise<void> {
  if (transform === undefined) return load(batch as unknown as O[]);
  if (!isAsync) return load(batch.map(transform as (item: I) => O));
  return Promise.all(batch.map(transform)).then(load);
}

/** Loads that are in flight. */
class Loads {
  readonly #running = new Set<Promise<void>>();

  /** Takes one that has begun; settles when one more may begin. */
  async add(load: Promise<void>): Promise<void> {
    const running = load.finally(() => this.#running.delete(running));
    this.#running.add(running);
    if (this.#running.size >= LOADS) await Promise.race(this.#running);
  }

  /** Settles when none is left. */
  async end(): Promise<void> {
    await Promise.all(this.#running);
  }
}

/** Reads a stream of items. */
export async function streamByHand<I, O>(
  stream: ReadableStream<I>,
  work: Work<I, O>,
): Promise<void> {
  const loads = new Loads();
  const reader = stream.getReader();
  let batch: I[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    batch.push(value);
    if (batch.length < work.batchSize) continue;
    await loads.add(saved(work, batch));
    batch = [];
  }
  if (batch.length > 0) await loads.add(saved(work, batch));
  await loads.end();
}

/** Reads an async generator. */
export async function generatorByHand<I, O>(
  items: AsyncIterable<I>,
  work: Work<I, O>,
): Promise<void> {
  const loads = new Loads();
  let batch: I[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < work.batchSize) continue;
    await loads.add(saved(work, batch));
    batch = [];
  }
  if (batch.length > 0) await loads.add(saved(work, batch));
  await loads.end();
}

/** Reads what need not be waited for. */
export async function iterableByHand<I, O>(items: Iterable<I>, work: Work<I, O>): Promise<void> {
  const loads = new Loads();
  let batch: I[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < work.batchSize) continue;
    await loads.add(saved(work, batch));
    batch = [];
  }
  if (batch.length > 0) await loads.add(saved(work, batch));
  await loads.end();
}

/** Reads a stream of arrays. */
export async function chunksByHand<I, O>(
  stream: ReadableStream<readonly I[]>,
  work: Work<I, O>,
): Promise<void> {
  const loads = new Loads();
  const reader = stream.getReader();
  let batch: I[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    for (const item of value) {
      batch.push(item);
      if (batch.length < work.batchSize) continue;
      await loads.add(saved(work, batch));
      batch = [];
    }
  }
  if (batch.length > 0) await loads.add(saved(work, batch));
  await loads.end();
}
