import { BatchError } from "../../errors.ts";
import { fail, inWords } from "../../options.ts";
import { HttpError } from "./http-error.ts";
import { errorOf, read } from "./send.ts";

/** Rejected rows of a batch: index and error of each. Empty, or `undefined`, if all rows were accepted. */
export type RowFailures = Iterable<readonly [index: number, error: unknown]> | undefined;

/** Reads from a response which rows were rejected. */
export type FailuresOf<T> = (
  response: Response,
  rows: readonly T[],
) => RowFailures | PromiseLike<RowFailures>;

/** Statuses of a service that has taken nothing, and may say which rows are to blame. */
const refusals: readonly number[] = [400, 409, 422];

/**
 * Returns the rejected rows by their index, if the others were accepted.
 *
 * @throws {BatchError} If no row was accepted, and some are to blame.
 * @throws {HttpError} If the response is unsuccessful, or cannot be read.
 */
export async function failuresIn<T>(
  request: Request,
  response: Response,
  rows: readonly T[],
  failures: FailuresOf<T> | undefined,
): Promise<ReadonlyMap<number, unknown>> {
  const { status, ok } = response;
  if (!ok) {
    const copy = refusals.includes(status) && failures !== undefined ? response.clone() : undefined;
    const error = await errorOf(request, response);
    if (copy === undefined) throw error;
    const named = mapOf(await failures!(copy, rows), rows);
    throw named.size > 0 ? new BatchError(named) : error;
  }
  if (failures !== undefined) {
    return mapOf(await read(request, response, (response) => failures(response, rows)), rows);
  }
  if (status === 207) {
    return mapOf(
      multiStatusOf(await read(request, response, (response) => response.json()), rows),
      rows,
    );
  }
  await response.body?.cancel(); // The connection is free again.
  return new Map();
}

/**
 * Returns the failures in an array with an entry for each row, whose `status` is the outcome of the
 * row.
 */
function multiStatusOf(entries: unknown, rows: readonly unknown[]): RowFailures {
  const statuses = Array.isArray(entries) ? entries.map((entry) => Object(entry).status) : [];
  if (statuses.length !== rows.length || !statuses.every(Number.isInteger)) {
    const rule = "given if a 207 is not an array with a 'status' for each row";
    fail("load through httpSink", "failures", rule, undefined);
  }
  return (statuses as number[]).flatMap((status, index) => {
    if (status < 400) return [];
    const answer = JSON.stringify((entries as unknown[])[index]).slice(0, 300);
    return [
      [index, new HttpError(`The service has refused the row: ${answer}`, { status })] as const,
    ];
  });
}

function mapOf(failures: RowFailures, rows: readonly unknown[]): ReadonlyMap<number, unknown> {
  const named = new Map(failures ?? []);
  for (const index of named.keys()) {
    if (Number.isInteger(index) && index >= 0 && index < rows.length) continue;
    throw new TypeError(`'failures' names row ${inWords(index)} of a batch of ${rows.length}`);
  }
  return named;
}
