import scramjet from "scramjet";
import { BATCH_SIZE, type Item, type Peer, type Row, TIMEOUT, toRow, WORKERS } from "./peer.ts";

export const peer: Peer = (source, load) =>
  scramjet.DataStream.from(source.items as Iterable<Item>)
    .timeBatch(TIMEOUT, BATCH_SIZE)
    .setOptions({ maxParallel: WORKERS })
    .map((batch: Item[]) => batch.map(toRow))
    .map(async (rows: Row[]) => {
      await load(rows);
      return rows.length;
    })
    .run();
