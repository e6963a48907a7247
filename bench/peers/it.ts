import batch from "it-batch";
import parallel from "it-parallel";
import { BATCH_SIZE, type Item, type Load, type Peer, toRow, WORKERS } from "./peer.ts";

async function* loads(items: AsyncIterable<Item> | Iterable<Item>, load: Load) {
  for await (const items_ of batch(items, BATCH_SIZE)) yield () => load(items_.map(toRow));
}

export const peer: Peer = async (source, load) => {
  const done = parallel(
    loads(source.items as AsyncIterable<Item>, load),
    { concurrency: WORKERS, ordered: false },
  );
  for await (const _ of done);
};
