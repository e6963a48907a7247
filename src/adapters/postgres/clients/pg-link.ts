import { cancelRequest, type PgInternals } from "./pg-cancel.ts";
import { sqlStateOf } from "../sql-state.ts";
import { atMost, type Stoppable } from "./statements.ts";

/** The first that a connection told beside its statements, which is why those after it fail. */
export interface FirstFailure {
  /** The error, if there was one. */
  first?: Error;
}

/** The subset of a client of `pg` that a link uses. */
export interface LinkedClient {
  /** Runs one statement. */
  query(text: string, values: unknown[]): Promise<unknown>;
}

/** The connection of a client of `pg`, while a transaction has it. */
export interface PgLinkParts {
  /** The client. */
  readonly client: LinkedClient & PgInternals;
  /** First failure that it reported. */
  readonly failure: FirstFailure;
  /** Throws the connection away. */
  readonly close: (error: Error) => void;
  /** If true, another one can take its place. */
  readonly canReconnect: boolean;
  /** Option `stream` of the client, which makes its socket, if it was given. */
  readonly stream?: unknown;
}

const rollbackTimeout = 2000; // Milliseconds.

/** Ends what runs on a connection of `pg`, and throws away one whose state nobody knows. */
export class PgLink implements Stoppable {
  readonly #parts: PgLinkParts;
  #isGone = false;
  #isUnclear = false;

  /** Takes the connection. */
  constructor(parts: PgLinkParts) {
    this.#parts = parts;
  }

  /** Has the server end the statement that runs. */
  cancel(): Promise<void> {
    const { client, stream } = this.#parts;
    return cancelRequest(client, stream);
  }

  /** Throws the connection away at once: what the server still says then meets nobody. */
  discard(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#parts.close(new Error("The connection was abandoned"));
  }

  /**
   * Sends a statement. Where it was not the server that let it fail, as after a `query_timeout`, it may
   * still run.
   */
  async send<T>(send: () => PromiseLike<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      if (sqlStateOf(error) !== undefined) throw error;
      this.#isUnclear = true;
      throw this.#parts.failure.first ?? error; // "not queryable" does not tell why.
    }
  }

  /** Leaves the connection without a transaction, or throws it away. */
  async mend(): Promise<void> {
    if (this.#isUnclear) {
      if (this.#parts.canReconnect) this.discard();
      await this.cancel().catch(() => {}); // Where it is lost, the server ends the transaction.
    }
    if (this.#isGone) return;
    let isMended = false;
    const rollback = this.#parts.client.query("rollback", []);
    await atMost(rollbackTimeout, rollback.then(() => void (isMended = true)));
    if (!isMended) this.discard();
  }
}
