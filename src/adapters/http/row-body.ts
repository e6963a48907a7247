import { BatchError } from "../../errors.ts";

/** Body of a request with rows: a JSON array, a line of JSON for each row, or the result of a function. */
export type RowBody<T> =
  | "json"
  | "ndjson"
  | ((rows: readonly T[]) => RequestBody | PromiseLike<RequestBody>);

/** Body for `fetch` that can be sent again, so it cannot be a stream. */
export type RequestBody =
  | string
  | Blob
  | FormData
  | URLSearchParams
  | ArrayBuffer
  | Uint8Array<ArrayBuffer>;

/** Body of a request, and its media type if the platform does not know it. */
export interface EncodedRows {
  readonly body: RequestBody;
  readonly contentType: string | undefined;
  /** The rows as a text, which is the same for each attempt. */
  readonly text: string;
}

/**
 * Makes the body of some rows.
 * @throws {BatchError} If JSON cannot hold some of them: it names these.
 */
export async function encodeRows<T>(rows: readonly T[], body: RowBody<T>): Promise<EncodedRows> {
  if (typeof body === "function") {
    return { body: await body(rows), contentType: undefined, text: textOf(rows) };
  }
  const failures = new Map<number, unknown>();
  const texts = rows.map((row, index) => {
    try {
      const text = JSON.stringify(row);
      if (text !== undefined) return text;
      failures.set(index, new TypeError("JSON cannot hold the row"));
    } catch (error) {
      failures.set(index, error);
    }
    return "";
  });
  if (failures.size > 0) throw new BatchError(failures);
  const isArray = body === "json";
  const text = isArray ? `[${texts.join(",")}]` : texts.join("\n") + "\n";
  const contentType = isArray ? "application/json" : "application/x-ndjson";
  return { body: text, contentType, text };
}

/** Rows of whatever kind: a function may send more than JSON can hold. */
function textOf(rows: readonly unknown[]): string {
  try {
    return JSON.stringify(rows, (_, value) => typeof value === "bigint" ? `${value}` : value);
  } catch {
    return ""; // Rows that lead back to themselves.
  }
}
