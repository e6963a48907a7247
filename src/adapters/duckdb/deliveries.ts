import { checkDeliveries, type Deliveries } from "../../checkpoints/deliveries.ts";
import { fail, positiveIntegerOrInfinity } from "../../options.ts";
import { storedKey } from "../../sql/text.ts";
import { type DuckdbConnection, rowsOf, transact, transactAgain } from "./client.ts";

/** Options for remembering the deliveries that a sink has loaded. */
export interface DuckdbDeliveryOptions {
  /**
   * Milliseconds for which the id of a delivery is kept so that it is not loaded again, with a `leased`
   * source that has `idOf`. Must be longer than the broker may take to redeliver a message.
   *
   * @default {604_800_000} a week
   */
  readonly keepDeliveries?: number | undefined;
}

// No index on the time: it is looked at once a minute, and primary keys alone survive any kill.
const tableSql = `create table if not exists millrace_delivery (
  source varchar, id varchar, "at" double not null, primary key (source, id)
)`;
const insertSql = `insert into millrace_delivery
  select $1, unnest(from_json($2, '["VARCHAR"]')), $3::double on conflict do nothing returning id`;
const forgetSql = 'delete from millrace_delivery where "at" < $1::double';
/** Interval at which old deliveries are deleted, in milliseconds. */
const forgetInterval = 60_000;

/** Stores loaded deliveries in a table next to the rows, which is created when needed. */
export class DuckdbDeliveries {
  readonly #connection: DuckdbConnection;
  readonly #kept: number;
  #isOpen = false;
  #forgotAt = 0;

  /** @throws {ConfigurationError} If the time to keep them is not a whole number above 0. */
  constructor(connection: DuckdbConnection, action: string, kept: number = 604_800_000) {
    const { test, expected } = positiveIntegerOrInfinity;
    if (!test(kept)) fail(action, "keepDeliveries", expected, kept);
    this.#connection = connection;
    this.#kept = kept;
  }

  /**
   * Writes in one transaction, together with the deliveries that this finishes.
   * @throws {DeliveredError} If one of them is there already; nothing is written before.
   */
  async commit(
    deliveries: Deliveries | undefined,
    write: () => Promise<void>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (deliveries === undefined || deliveries.ids.length === 0) {
      return await transact(this.#connection, write, signal);
    }
    const failed = () => void (this.#isOpen = false); // The table may have been rolled back.
    await transactAgain(
      this.#connection,
      async () => {
        await this.#keep(deliveries, Date.now());
        await write();
      },
      failed,
      signal,
    );
  }

  async #keep({ source, ids }: Deliveries, now: number): Promise<void> {
    if (!this.#isOpen) await this.#connection.run(tableSql);
    this.#isOpen = true;
    const stored = ids.map(storedKey);
    const values = [storedKey(source), JSON.stringify(stored), `${now}`];
    const inserted = new Set((await rowsOf(this.#connection, insertSql, values)).map(([id]) => id));
    checkDeliveries(ids, ids.filter((_, index) => inserted.has(stored[index])));
    if (now - this.#forgotAt < forgetInterval) return;
    this.#forgotAt = now;
    await this.#connection.run(forgetSql, [`${now - this.#kept}`]);
  }
}
