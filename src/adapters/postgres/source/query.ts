import type { Database, Row } from "../database.ts";
import type { Key } from "./key.ts";
import type { Layout } from "./layout.ts";

/** A query, ready to be read. */
export interface Query {
  readonly client: Database;
  /** The same database, whose statements end when reading stops. */
  readonly database: Database;
  readonly sql: string;
  readonly params: readonly unknown[];
  readonly chunkSize: number;
  /** Decoder of the values: this adapter (`"lossless"`) or the client. */
  readonly values: "lossless" | "client";
  /** The key that the rows are above of: the texts of its columns. */
  readonly after: readonly string[] | undefined;
  /** The key that no row is above of, in the same way. */
  readonly last: readonly string[] | undefined;
  readonly lag: number | string | undefined;
  readonly settled: boolean;
  /** Aborts when reading stops. */
  readonly signal: AbortSignal;
}

/** Returns the next rows; fewer than requested at the end. */
export interface Reader {
  read(): Promise<Row[]>;
  /** Releases all resources. Not called while a read is pending. */
  close(): Promise<void>;
}

/** Current shape of the result of a query. */
export interface View {
  readonly layout: Layout;
  readonly key: Key;
  readonly toRow: (text: unknown) => Row;
}
