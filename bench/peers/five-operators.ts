/** What goes through the operators. */
export interface Row {
  readonly id: number;
}

/** What is done to each row, in this order. */
export interface Five {
  readonly isWanted: (row: Row) => boolean;
  readonly sumOf: (row: Row) => number;
  readonly isSmall: (sum: number) => boolean;
  readonly plusOne: (sum: number) => number;
  readonly labelOf: (sum: number) => { sum: number };
}

/** Leads the rows of arrays through five operators, and counts what comes out. */
export type FivePeer = (pages: Iterable<Row[]>, five: Five) => Promise<number>;
