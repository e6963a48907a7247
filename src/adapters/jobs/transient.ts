import { FencedError, isOf } from "../../errors.ts";

/** What a system or its driver says of a connection that is not there, or of a server that starts or stops. */
const passing =
  /^(?:ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_AGAIN|UND_ERR_|ERR_POSTGRES_CONNECTION|CONNECTION_|08|57P0|53300)/;

/** What a client of NATS throws for the same, which has no code; a `DOMException` is none of them. */
const passingNames =
  /^(?:TimeoutError|RequestError|NoRespondersError|ConnectionError|ClosedConnectionError|JetStreamNotEnabled)$/;

/** What a client of pg throws for the same where the server says nothing any more, without a code. */
const passingText = /^Connection terminated/;

/**
 * Whether a partition failed for what passes by itself, so that it is not to blame: another worker has
 * its key still, or a server could not be reached.
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
