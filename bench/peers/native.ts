import { BATCH_SIZE, type Item, type Load, type Peer, type Row, toRow, WORKERS } from "./peer.ts";

class Batches extends TransformStream<Item, Item[]> {
  constructor() {
    let batch: Item[] = [];
    super({
      transform(item, controller) {
        if (batch.push(item) < BATCH_SIZE) return;
        controller.enqueue(batch);
        batch = [];
      },
      flush(controller) {
        if (batch.length > 0) controller.enqueue(batch);
      },
    });
  }
}

/** The platform writes one chunk at a time: a sink that does several keeps count itself. */
function parallelSink(load: Load): WritableStream<Row[]> {
  const running = new Set<Promise<void>>();
  return new WritableStream<Row[]>({
    async write(rows) {
      const loading: Promise<void> = load(rows).finally(() => running.delete(loading));
      running.add(loading);
      if (running.size >= WORKERS) await Promise.race(running);
    },
    async close() {
      await Promise.all(running);
    },
  });
}

/** As `ReadableStream.from`, which not every runtime has. */
function streamOf(items: AsyncIterable<Item> | Iterable<Item>): ReadableStream<Item> {
  const iterator = Symbol.asyncIterator in items
    ? items[Symbol.asyncIterator]()
    : items[Symbol.iterator]();
  return new ReadableStream<Item>({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

export const peer: Peer = (source, load) =>
  (source.kind === "stream" ? source.items : streamOf(source.items))
    .pipeThrough(new Batches())
    .pipeThrough(
      new TransformStream<Item[], Row[]>({
        transform: (batch, controller) => controller.enqueue(batch.map(toRow)),
      }),
    )
    .pipeTo(parallelSink(load));
