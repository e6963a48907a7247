import { bufferTime, filter, from, lastValueFrom, map, mergeMap } from "rxjs";
import { BATCH_SIZE, type Item, type Peer, TIMEOUT, toRow, WORKERS } from "./peer.ts";

// `bufferTime` emits an empty batch if nothing arrived in time, and another one at the end.
export const peer: Peer = (source, load) =>
  lastValueFrom(
    from(source.items as AsyncIterable<Item>).pipe(
      bufferTime(TIMEOUT, null, BATCH_SIZE),
      filter((batch) => batch.length > 0),
      map((batch) => batch.map(toRow)),
      mergeMap((rows) => load(rows), WORKERS),
    ),
  );
