import { checkDeliveries, type Deliveries } from "../../checkpoints/deliveries.ts";
import { fail, positiveIntegerOrInfinity } from "../../options.ts";
import { leaveOpen } from "../../retry/open-outcome.ts";
import { storedKey } from "../../sql/text.ts";
import { deliveryTable, type OwnTable, serverTime } from "./bookkeeping.ts";
import type { Database, Session } from "./database.ts";
import type { BatchWriter, Send } from "./writer.ts";

/** Options for remembering the deliveries that a sink has loaded. */
export interface PostgresDeliveryOptions {
  /**
   * Milliseconds, by the clock of the server, for which the id of a delivery is kept so that it is not
   * loaded again, with a `leased` source that has `idOf`. Must be longer than the broker may take to
   * redeliver a message.
   *
   * @default {604_800_000} a week
   */
  keepDeliveries?: number | undefined;
}

/** Interval at which old deliveries are deleted, in milliseconds. */
const forgetInterval = 60_000;

/** Stores loaded deliveries in a table next to the rows, which is created when needed. */
export class PostgresDeliveries {
  readonly #database: Database;
  readonly #table: OwnTable;
  readonly #kept: number;
  #forgotAt = 0;

  /** @throws {ConfigurationError} If the time to keep them is not a whole number above 0. */
  constructor(
    database: Database,
    schema: string | undefined,
    action: string,
    kept: number = 604_800_000,
  ) {
    const { test, expected } = positiveIntegerOrInfinity;
    if (!test(kept)) fail(action, "keepDeliveries", expected, kept);
    this.#database = database;
    this.#table = deliveryTable(database, schema);
    this.#kept = kept;
  }

  /**
   * Sends a batch together with the deliveries that it finishes, all of it or nothing.
   * @throws {DeliveredError} If one of them is there already; nothing is sent then.
   */
  async send(
    writer: BatchWriter,
    send: Send,
    deliveries: Deliveries,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    await this.#prepare(signal);
    let isSent = false;
    try {
      await writer.database.transaction(async (session) => {
        checkDeliveries(deliveries.ids, await this.#insert(session, deliveries));
        await send(session);
        isSent = true;
      }, signal);
    } catch (error) {
      // Only the commit was left: the ids, which were not there before, tell whether it came through.
      if (!isSent || !await this.#areThere(deliveries, error)) throw error;
    }
  }

  /** Looks for deliveries, even if the signal of the load has aborted. */
  async #areThere(deliveries: Deliveries, error: unknown): Promise<boolean> {
    let inserted: readonly string[] | undefined;
    await this.#database.transaction(async (session) => {
      inserted = await this.#insert(session, deliveries); // Waits for a commit that is on its way.
      throw error; // Rolls back.
    }).catch(() => {});
    if (inserted === undefined) throw leaveOpen(error);
    return inserted.length === 0;
  }

  /**
   * Makes the table if it is not there, and forgets old deliveries now and then: not in the
   * transaction of rows, which would have others wait for it.
   */
  async #prepare(signal: AbortSignal | undefined): Promise<void> {
    await this.#table.prepare(signal);
    const now = Date.now();
    if (this.#kept === Infinity || now - this.#forgotAt < forgetInterval) return;
    this.#forgotAt = now;
    const { name } = this.#table;
    // What another process is forgetting is left to it.
    const text = `delete from ${name} where ctid = any(array(
      select ctid from ${name} where "at" < ${serverTime} - $1::float8 for update skip locked))`;
    await this.#database.values(text, [this.#kept], signal);
  }

  /**
   * Stores deliveries in a transaction, and returns the ids that were new. Waits for another transaction
   * that has some of them.
   */
  async #insert({ values }: Session, { source, ids }: Deliveries): Promise<string[]> {
    const stored = new Map(ids.map((id) => [storedKey(id), id]));
    const sorted = [...stored.keys()].sort(); // Two that wait for each other would never end.
    const text = `insert into ${this.#table.name} (source, id, "at")
      select $2::text, id, ${serverTime}
      from pg_catalog.json_array_elements_text(${this.#database.json}) as id
      on conflict do nothing returning id`;
    const inserted = await values(text, [JSON.stringify(sorted), storedKey(source)]);
    return inserted.map(([id]) => stored.get(String(id))!);
  }
}
