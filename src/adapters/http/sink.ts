import { BatchError, SplitError } from "../../errors.ts";
import {
  anyObject,
  callable,
  checkOptions,
  fail,
  nonEmptyString,
  type OptionTable,
  positiveInteger,
  type Rule,
} from "../../options.ts";
import type { LoadContext } from "../../pipeline/pipeline.ts";
import { longestRetryAfter } from "../../retry/retry-after.ts";
import type { RateLimiter } from "../../streams/rate-limiter.ts";
import { DeliveredRows } from "./delivered-rows.ts";
import { idempotencyKeyOf } from "./idempotency-key.ts";
import { encodeRows, type RowBody } from "./row-body.ts";
import { failuresIn, type FailuresOf } from "./row-failures.ts";
import {
  addressRule,
  channelOf,
  errorOf,
  type Fetch,
  fetchRule,
  limitsRule,
  send,
  whenAllowed,
} from "./send.ts";

/** Options of `httpSink`. */
export interface HttpSinkOptions<T> {
  /**
   * Method of the requests.
   * @default {"POST"}
   */
  readonly method?: string | undefined;
  /**
   * Body of a request: a JSON array of the rows, a line of JSON for each row, or the result of a
   * function.
   * @default {"json"}
   */
  readonly body?: RowBody<T> | undefined;
  /** Headers and other options of each request, as in `fetch`, but without the signal. */
  readonly init?: Omit<RequestInit, "signal" | "method" | "body"> | undefined;
  /**
   * Number of rows in a batch, unless the run options set it: a positive integer. A batch that is too
   * large for the service (413) is halved.
   * @default {100}
   */
  readonly batchSize?: number | undefined;
  /**
   * Header with the key of the batch, by which the service can accept each batch once; `false` for none.
   * @default {"Idempotency-Key"}
   */
  readonly idempotencyHeader?: string | false | undefined;
  /**
   * Reads from a response which rows were rejected: index and error of each. Called for each status below
   * 300, when all other rows were accepted, and for 400, 409 and 422, when none was. Without it, the body
   * of a 207 must be an array with a `status` for each row.
   */
  readonly failures?: FailuresOf<T> | undefined;
  /**
   * Rate limiters of the requests. Each request takes a permit from each limiter. If the service asks for
   * a pause, the limiters pause, and with them all readers and sinks that share them.
   */
  readonly limits?: RateLimiter | readonly RateLimiter[] | undefined;
  /**
   * Function that makes the requests.
   * @default {that of the platform}
   */
  readonly fetch?: Fetch | undefined;
}

/** The `load` of a sink. */
export interface HttpLoad<T> {
  /** Posts the rows; settles when the service has accepted them. */
  (rows: readonly T[], context: Pick<LoadContext, "batch" | "runId" | "signal">): Promise<void>;
  /** Number of rows in a batch, unless the run options set it. */
  readonly batchSize: number;
}

/** An API as the target of a pipeline. */
export interface HttpSink<T> {
  /** The `load` of the pipeline. */
  readonly load: HttpLoad<T>;
}

const action = "construct httpSink";

const header: Rule = {
  expected: "the name of a header, or false",
  test: (value) => value === false || nonEmptyString.test(value),
};

const bodyRule: Rule = {
  expected: '"json", "ndjson" or a function',
  test: (value) => value === "json" || value === "ndjson" || callable.test(value),
};

const table: OptionTable<HttpSinkOptions<never>> = {
  method: [nonEmptyString, "POST"],
  body: [bodyRule, "json"],
  init: [anyObject, {}],
  batchSize: [positiveInteger, 100],
  idempotencyHeader: [header, "Idempotency-Key"],
  failures: [callable],
  limits: [limitsRule],
  fetch: [fetchRule],
};

/**
 * Posts each batch to an API, as a JSON array unless `body` says otherwise.
 *
 * The response decides. A 413 halves the batch. A 429 or 503, or any other bad status, is an `HttpError`.
 * The run's `retry` respects its `retryAfter`; set `maxAttempts`, and `isTransient` as `isRetriable`.
 * Rows that `failures` names become a `BatchError`; the accepted rows of such a batch are not sent again.
 *
 * Each request has an `Idempotency-Key`. It is the same for every attempt. In a run with checkpoints, a
 * later run that loads the same batch after a crash also uses the same key. A service that respects it
 * accepts each batch once, as long as batches are cut at the same places: keep `batchSize`, and set no
 * `timeout`. With any other service, rows may arrive twice.
 *
 * The request ends when the signal of the load aborts, for example by `attemptTimeout`.
 *
 * @throws {ConfigurationError} If an option is unknown or breaks its rule.
 *
 * @example Two rows at a time
 * ```ts
 * import { etl } from "millrace";
 * import { httpSink, isTransient } from "millrace/http";
 * import { deepEqual } from "node:assert/strict";
 *
 * const bodies: string[] = [];
 * const sink = httpSink<{ id: number }>("https://api.example/users", {
 *   init: { headers: { Authorization: "Bearer secret" } },
 *   fetch: async (request) => { // In practice, omit it.
 *     bodies.push(await request.text());
 *     return new Response(null, { status: 204 });
 *   },
 * });
 * await etl({ name: "users", extract: () => [{ id: 1 }, { id: 2 }, { id: 3 }], load: sink.load }).run({
 *   batchSize: 2,
 *   retry: { load: { maxAttempts: 5, isRetriable: isTransient } },
 * });
 * deepEqual(bodies, ['[{"id":1},{"id":2}]', '[{"id":3}]']);
 * ```
 */
export function httpSink<T = unknown>(
  url: string | URL,
  options: HttpSinkOptions<T> = {},
): HttpSink<T> {
  const settings = checkOptions<HttpSinkOptions<T>, "failures" | "limits" | "fetch">(
    action,
    options,
    table as OptionTable<HttpSinkOptions<T>>,
  );
  if (!addressRule.test(url)) fail(action, "url", addressRule.expected, url);
  const { method, body, init, batchSize, idempotencyHeader, failures } = settings;
  for (const name of ["signal", "method", "body"] as const) {
    const value: unknown = (init as RequestInit)[name];
    if (value === undefined) continue;
    fail(
      action,
      `init.${name}`,
      name === "signal" ? "omitted" : `omitted, as '${name}' is one`,
      value,
    );
  }
  const channel = channelOf(settings.fetch, settings.limits, longestRetryAfter);
  const delivered = new DeliveredRows<T>();

  const post = async (
    rows: readonly T[],
    isPart: boolean,
    { batch, runId, signal }: Parameters<HttpLoad<T>>[1],
  ) => {
    const encoded = await encodeRows(rows, body);
    const headers = new Headers(init.headers);
    if (encoded.contentType !== undefined && !headers.has("content-type")) {
      headers.set("content-type", encoded.contentType);
    }
    if (idempotencyHeader !== false) {
      headers.set(idempotencyHeader, idempotencyKeyOf(batch, runId, encoded.text, isPart));
    }
    await whenAllowed(channel, signal);
    const request = new Request(url, { ...init, method, headers, body: encoded.body, signal });
    const response = await send(channel, request);
    const { status } = response;
    if (status === 413) {
      throw new SplitError("413 Content Too Large", { cause: await errorOf(request, response) });
    }
    return await failuresIn(request, response, rows, failures);
  };

  const load = async (rows: readonly T[], context: Parameters<HttpLoad<T>>[1]) => {
    const batch = `${context.runId}:${context.batch.sequence}`;
    const left = delivered.left(batch, rows);
    if (left.length > 0) {
      const sent = left.map((index) => rows[index]!);
      const failed = await post(sent, left.length < rows.length, context);
      if (failed.size > 0) {
        delivered.add(batch, sent.filter((_, at) => !failed.has(at)));
        throw new BatchError(new Map([...failed].map(([at, error]) => [left[at]!, error])));
      }
    }
    delivered.finish(batch, rows);
  };
  return { load: Object.assign(load, { batchSize }) };
}
