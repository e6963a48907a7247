import { batchWithTimeout, consume, map, pipeline, transform } from "streaming-iterables";
import { BATCH_SIZE, type Item, type Peer, type Row, TIMEOUT, toRow, WORKERS } from "./peer.ts";

export const peer: Peer = (source, load) =>
  pipeline(
    () => source.items as AsyncIterable<Item>,
    (items) => batchWithTimeout(BATCH_SIZE, TIMEOUT, items),
    map((batch: Item[]) => batch.map(toRow)),
    transform(WORKERS, (rows: Row[]) => load(rows)),
    (loads) => consume(loads as AsyncIterable<void>),
  );
