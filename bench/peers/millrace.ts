import { etl } from "../harness/library.ts";
import { BATCH_SIZE, type Peer, TIMEOUT, toRow, WORKERS } from "./peer.ts";

export const peer: Peer = (source, load) =>
  etl({ name: "peer", extract: () => source.items, transform: toRow, load }).run({
    batchSize: BATCH_SIZE,
    timeout: TIMEOUT,
    workers: WORKERS,
  });
