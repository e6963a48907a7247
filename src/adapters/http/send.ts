import { isOf, messageOf } from "../../errors.ts";
import { callable, type Rule } from "../../options.ts";
import { RateLimiter } from "../../streams/rate-limiter.ts";
import { HttpError, shown } from "./http-error.ts";
import { pauseOf } from "./rate-headers.ts";

/** Function that makes requests: the platform's `fetch`, or one with the same signature. */
export type Fetch = (request: Request) => Promise<Response>;

/** Shared settings of all requests of a reader or a sink. */
export interface Channel {
  readonly fetch: Fetch | undefined;
  readonly limits: readonly RateLimiter[];
  /** Longest pause that a service may ask for, in milliseconds. */
  readonly maxRetryAfter: number;
}

/** A limiter, or several. */
export type Limits = RateLimiter | readonly RateLimiter[];

/** Rule of `limits`. */
export const limitsRule: Rule = {
  expected: "a RateLimiter, or an array of them",
  test: (value) => [value].flat().every((each) => isOf(each, RateLimiter)),
};

/** Rule of `fetch`. */
export const fetchRule: Rule = callable;

/** Makes the shared settings of all requests of a reader or a sink. */
export function channelOf(
  fetch: Fetch | undefined,
  limits: Limits | undefined,
  maxRetryAfter: number,
): Channel {
  // One that holds nothing back still keeps the pauses that the service asks for.
  const open = new RateLimiter({ limit: Number.MAX_SAFE_INTEGER, interval: 1 });
  const given = limits === undefined ? [open] : [limits].flat();
  // The longest windows first: a permit for a short one is to be used at once.
  const sorted = [...given].sort((a, b) => b.interval - a.interval);
  return { fetch, limits: sorted, maxRetryAfter };
}

/** Waits until all limits let a request through. */
export async function whenAllowed({ limits }: Channel, signal: AbortSignal): Promise<void> {
  for (const limit of limits) await limit.acquire(1, { signal });
}

/**
 * Makes a request, and returns the response, whatever its status. If the service states its limits, all
 * requests that share the limiters pause accordingly.
 *
 * @throws {HttpError} If there is no response.
 */
export async function send(channel: Channel, request: Request): Promise<Response> {
  const { limits, maxRetryAfter, fetch = (request) => globalThis.fetch(request) } = channel;
  try {
    const response = await fetch(request);
    const pause = pauseOf(response);
    if (pause !== undefined) { for (const each of limits) each.pause(pause, { maxRetryAfter }); }
    return response;
  } catch (cause) {
    request.signal.throwIfAborted();
    const what = `${request.method} ${shown(request.url)}`;
    throw new HttpError(`${what} was not answered: ${inner(cause)}`, { cause });
  }
}

/** Returns the error of an unsuccessful answer. */
export async function errorOf(request: Request, response: Response): Promise<HttpError> {
  const { status, statusText } = response;
  const words = [`${request.method} ${shown(request.url)} answered ${status}`];
  if (statusText) words.push(` ${statusText}`);
  const text = await response.text().catch(() => ""); // The status says enough.
  if (text.trim()) words.push(`: ${text.trim().slice(0, 300)}`);
  const mayPass = status >= 500 || [403, 408, 425, 429].includes(status); // A 404 stays one.
  return new HttpError(words.join(""), {
    status,
    retryAfter: mayPass ? pauseOf(response) : undefined,
  });
}

/** Reads the body of an answer; one that cannot be read may have been cut off. */
export async function read<B>(
  request: Request,
  response: Response,
  body: (response: Response) => B | PromiseLike<B>,
): Promise<B> {
  try {
    return await body(response);
  } catch (cause) {
    request.signal.throwIfAborted();
    const what = `${request.method} ${shown(request.url)} answered ${response.status}`;
    const words = `${what} with a body that cannot be read: ${inner(cause)}`;
    throw new HttpError(words, { status: response.status, cause });
  }
}

/** Returns the message with that of its cause: `fetch` itself only says "fetch failed". */
function inner(error: unknown): string {
  const cause = (error as Error | undefined)?.cause;
  return cause === undefined ? messageOf(error) : `${messageOf(error)}: ${messageOf(cause)}`;
}

/** Rule of an address. */
export const addressRule: Rule = {
  expected: "a URL",
  test: (value) => {
    if (typeof value !== "string" && !(value instanceof URL)) return false;
    try {
      return new Request(value).url !== "";
    } catch {
      return false;
    }
  },
};
