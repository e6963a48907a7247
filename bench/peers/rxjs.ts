import { bufferTime, filter, from, lastValueFrom, map, mergeMap } from "rxjs";
import { BATCH_SIZE, type Item, type Peer, TIMEOUT, toRow, WORKERS } from "./peer.ts";

// `bufferTime` gives an empty batch when its time is up and nothing came, and one at the end.
export const peer: Peer = (source, load) =>
  lastValueFrom(
    from(source.items as AsyncIterable<Item>).pipe(
      bufferTime(TIMEOUT, null, BATCH_SIZE),
      filter((batch) => batch.length > 0),
      map((batch) => batch.map(toRow)),
      mergeMap((rows) => load(rows), WORKERS),
    ),
  );
