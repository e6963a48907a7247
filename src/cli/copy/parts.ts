import type { Chunks } from "../../streams/chunks.ts";
import type { CheckpointStore, commitsTo } from "../../checkpoints/checkpoint.ts";
import type { DeadLetter } from "../../dead-letters/dead-letter.ts";
import type { LoadContext, PipelineContext } from "../../pipeline/pipeline.ts";
import type { Import } from "./code.ts";
import type { ColumnType } from "./columns.ts";
import type { Row } from "./endpoint.ts";
import type { ValueStep } from "./values.ts";

/** Where a copy takes place. */
export interface CopyPlace {
  /** The folder of the user, from which packages are resolved. */
  readonly folder: string;
  /** The path of a file for this process. */
  pathOf(path: string): string;
}

/** Facts about rows before one of them is read. */
export interface Facts {
  /** The types of the columns, in their order. */
  readonly columns: ReadonlyMap<string, ColumnType | undefined>;
  /** The types as the database calls them. */
  readonly declared?: ReadonlyMap<string, string> | undefined;
  /** The columns of the primary key. */
  readonly primaryKey: readonly string[];
}

/** Where the reading of a run begins. */
export type ReadContext = Pick<PipelineContext, "signal" | "checkpoint">;

/** Where rows come from, opened. */
export interface OpenSource {
  /** Reads the rows, from the position of a checkpoint where there is one. */
  rows(context: ReadContext): Chunks<Row>;
  /** Way for a second reading to get the items that the first one has not finished. */
  readonly repeat: "skip" | "source" | "never";
  /** Makes the position of an item. */
  readonly position?: ((row: Row) => unknown) | undefined;
  /** The version of what is read. */
  readonly fingerprint?: string | undefined;
  /** Number of bytes to read. */
  readonly bytes?: number | undefined;
  /** Facts about the columns that are known ahead. */
  readonly facts?: Facts | undefined;
  /** Returns the columns that a reading has told of, also where it had no rows. */
  readonly told?: (() => Facts["columns"]) | undefined;
  /** A column that is read for the position alone. */
  readonly drop?: string | undefined;
  /** Steps for values, with their facts about columns. */
  readonly steps?: Readonly<Record<string, ValueStep>> | undefined;
  readonly kinds?: Readonly<Record<string, string>> | undefined;
  /** If true, rows need not have the same columns. */
  readonly isLoose: boolean;
  /** The same as a program. */
  readonly code: SourceCode;
  close(): Promise<void>;
}

/** A source as a program says it. */
export interface SourceCode {
  readonly imports: readonly Import[];
  readonly setup: readonly string[];
  /** The member `extract`. */
  readonly extract: string;
  readonly position?: string | undefined;
  readonly fingerprint?: string | undefined;
  readonly bytes?: string | undefined;
  readonly closing?: readonly string[] | undefined;
}

/** The `load` of a copy. */
export interface Load {
  (rows: Row[], context: LoadContext): unknown;
  readonly [commitsTo]?: CheckpointStore;
  readonly batchSize?: number;
}

/** Where rows go to, opened. */
export interface OpenTarget {
  readonly load: Load;
  /** Store that commits marks with the rows, if the target has one. */
  readonly checkpoints?: Required<CheckpointStore> | undefined;
  /** If true, it was not there before: any marks are of rows that are gone. */
  readonly isNew?: boolean | undefined;
  /** Letters beside the rows. */
  readonly letters?: (() => WritableStream<DeadLetter>) | undefined;
  /** Work after the last row. */
  readonly end?: ((context: PipelineContext) => unknown) | undefined;
  /** Ends the bytes of a copy that was drained, so that the rows in them can be read. */
  readonly drained?: (() => Promise<void>) | undefined;
  readonly steps?: Readonly<Record<string, ValueStep>> | undefined;
  readonly kinds?: Readonly<Record<string, string>> | undefined;
  readonly code: TargetCode;
  close(): Promise<void>;
}

/** A target as a program says it. */
export interface TargetCode {
  readonly imports: readonly Import[];
  readonly setup: readonly string[];
  /** The member `load`. */
  readonly load: string;
  /** The member `postProcess`. */
  readonly end?: string | undefined;
  readonly closing?: readonly string[] | undefined;
}
