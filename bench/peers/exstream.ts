import exstream from "exstream.js";
import { BATCH_SIZE, type Item, type Peer, toRow, WORKERS } from "./peer.ts";

export const peer: Peer = (source, load) =>
  exstream(source.items)
    .batch(BATCH_SIZE)
    .map((batch: Item[]) => batch.map(toRow))
    .map(load)
    .resolve(WORKERS, false)
    .toPromise();
