import { dataSource, gen, none } from "stream-chain/core";
import batch from "stream-chain/utils/batch.js";
import { BATCH_SIZE, type Item, type Peer, toRow } from "./peer.ts";

// One load at a time: its stages have no concurrency.
export const peer: Peer = async (source, load) => {
  const job = gen(
    dataSource(source.items as AsyncIterable<Item>),
    batch(BATCH_SIZE),
    (items: unknown) => (items as Item[]).map(toRow),
    load,
  );
  for await (const _ of job(undefined));
  for await (const _ of job(none as unknown as undefined)); // Flushes the last batch.
};
