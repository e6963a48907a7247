import { Readable } from "node:stream";
import { BATCH_SIZE, type Item, type Peer, toRow, WORKERS } from "./peer.ts";

async function* inBatches(items: AsyncIterable<Item>) {
  let batch: Item[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < BATCH_SIZE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

export const peer: Peer = (source, load) =>
  // The types do not say that `compose` returns a Readable.
  (Readable.from(source.items as AsyncIterable<Item>).compose(inBatches) as unknown as Readable)
    .map((batch: Item[]) => batch.map(toRow))
    .forEach(load, { concurrency: WORKERS });
