/** The job that every peer does: items, batches of 100 by size or timer, a map, 4 loads at once. */
export const BATCH_SIZE = 100;
export const TIMEOUT = 5000; // ms
export const WORKERS = 4;

export interface Item {
  readonly id: number;
}

/** What the map makes of an item. */
export interface Row {
  readonly id: number;
  readonly isEven: boolean;
}

export const toRow = ({ id }: Item): Row => ({ id, isEven: id % 2 === 0 });

/** Where the items come from. */
export type Source =
  | { readonly kind: "stream"; readonly items: ReadableStream<Item> }
  | { readonly kind: "async generator"; readonly items: AsyncIterable<Item> }
  | { readonly kind: "iterable"; readonly items: Iterable<Item> };

export type Load = (rows: readonly Row[]) => Promise<void>;

/** One library doing the job with its own operators, where it has them. */
export type Peer = (source: Source, load: Load) => Promise<unknown>;
