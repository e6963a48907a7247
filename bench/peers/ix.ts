import { from, last } from "ix/Ix.asynciterable";
import { bufferCountOrTime, flatMap, map } from "ix/Ix.asynciterable.operators";
import { BATCH_SIZE, type Item, type Peer, TIMEOUT, toRow, WORKERS } from "./peer.ts";

export const peer: Peer = (source, load) =>
  last(
    from(source.items as AsyncIterable<Item>).pipe(
      bufferCountOrTime(BATCH_SIZE, TIMEOUT),
      map((batch) => batch.map(toRow)),
      flatMap(async (rows) => {
        await load(rows);
        return [rows.length];
      }, WORKERS),
    ),
  );
