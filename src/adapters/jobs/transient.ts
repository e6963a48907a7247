import { FencedError, isOf } from "../../errors.ts";

/**
 * Codes by which a system or its driver reports a missing connection, or a server that starts or
 * stops.
 */
const passing =
  /^(?:ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_AGAIN|UND_ERR_|ERR_POSTGRES_CONNECTION|CONNECTION_|08|57P0|53300)/;

/**
 * Names of the same errors of a client of NATS, which have no code; a `DOMException` is none of
 * them.
 */
const passingNames =
  /^(?:TimeoutError|RequestError|NoRespondersError|ConnectionError|ClosedConnectionError|JetStreamNotEnabled)$/;

/** Message of the same error of a client of pg, without a code, once the server is silent. */
const passingText = /^Connection terminated/;

/**
 * Returns true if a partition failed with an error that passes by itself, and is not to blame:
 * another worker has its key still, or a server could not be reached.
 */
export function isTransientFailure(error: unknown): boolean {
  const seen = new Set<unknown>();
  for (let cause = error; cause instanceof Error && !seen.has(cause); cause = cause.cause) {
    seen.add(cause);
    if (isOf(cause, FencedError)) return true;
    const { code } = cause as { code?: unknown };
    if (typeof code === "string" && passing.test(code)) return true;
    if (code !== undefined) continue;
    if (passingNames.test(cause.name) || passingText.test(cause.message)) return true;
  }
  return false;
}
