import { messageOf } from "../errors.ts";
import { encodeItem } from "../dead-letters/dead-letter-json.ts";
import type { DeadLetter } from "../dead-letters/dead-letter.ts";
import { type ErrorColumns, errorColumns } from "../dead-letters/error-columns.ts";

/** A dead letter as the columns of a table. Texts are unchanged, whatever they contain. */
export interface LetterRow {
  readonly pipeline: string;
  readonly runId: string;
  readonly offset: number;
  readonly stage: string;
  readonly attempts: number;
  /** The item as JSON, and the row if there is one. */
  readonly item: string;
  readonly row: string | null;
  /** The error as JSON, and the parts of it that have columns of their own. */
  readonly error: string;
  readonly errorParts: ErrorColumns;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Returns the stored form of a dead letter. */
export function letterRow(letter: DeadLetter): LetterRow {
  const { pipeline, runId, offset, stage, attempts, item, row, error, at, branches } = letter;
  return {
    ...{ pipeline, runId, offset, stage, attempts, at },
    item: encodeItem(item),
    row: "row" in letter ? encodeItem(row) : null,
    error: encodeItem(error),
    errorParts: {
      ...errorColumns(error),
      ...(branches && { message: `${branches}: ${messageOf(error)}` }),
    },
  };
}
