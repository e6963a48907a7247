// The code you would write without a library: a loop for the source, batches, a map, and up to `LOADS`
// loads in flight. It has no timer and no report, and cannot be stopped.

/** The most loads in flight at once, by hand and in a run. */
export const LOADS = 4;

/** The work on the items, by hand and in a run. */
export interface Work<I, O> {
  readonly batchSize: number;
  /** Without it, items are loaded unchanged. */
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

  /** Adds a load that has begun. Settles when another one may begin. */
  async add(load: Promise<void>): Promise<void> {
    const running = load.finally(() => this.#running.delete(running));
    this.#running.add(running);
    if (this.#running.size >= LOADS) await Promise.race(this.#running);
  }

  /** Settles when no load is left. */
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

/** Reads an iterable, which needs no waiting. */
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
