import { checkDeliveries, type Deliveries } from "../../checkpoints/deliveries.ts";
import { fail, positiveIntegerOrInfinity } from "../../options.ts";
import { isThenable } from "../../runtime/thenable.ts";
import { storedKey } from "../../sql/text.ts";
import { execute, prepare, type SqliteDatabase, type SqliteStatement, transact } from "./client.ts";

/** Options for remembering the deliveries that a sink has loaded. */
export interface SqliteDeliveryOptions {
  /**
   * Milliseconds for which the id of a delivery is kept so that it is not loaded again, with a `leased`
   * source that has `idOf`. Must be longer than the broker may take to redeliver a message.
   *
   * @default {604_800_000} a week
   */
  readonly keepDeliveries?: number | undefined;
}

interface Statements {
  readonly insert: SqliteStatement;
  readonly forget: SqliteStatement;
}

// The time is real, so that it is a number: integers are read as bigints.
const tableSql = `create table if not exists millrace_delivery (
  source text not null, id text not null, at real not null, primary key (source, id)
) without rowid`;
const indexSql = "create index if not exists millrace_delivery_at on millrace_delivery (at)";
const insertSql = `insert into millrace_delivery (source, id, at) values (?, ?, ?)
  on conflict do nothing returning id`;
const forgetSql = "delete from millrace_delivery where at < ?";
/** Interval at which old deliveries are deleted, in milliseconds. */
const forgetInterval = 60_000;

/** Stores loaded deliveries in a table next to the rows, which is created when needed. */
export class SqliteDeliveries {
  readonly #db: SqliteDatabase;
  readonly #kept: number;
  #statements: Statements | undefined;
  #forgotAt = 0;

  /** @throws {ConfigurationError} If the time to keep them is not a whole number above 0. */
  constructor(db: SqliteDatabase, action: string, kept: number = 604_800_000) {
    const { test, expected } = positiveIntegerOrInfinity;
    if (!test(kept)) fail(action, "keepDeliveries", expected, kept);
    this.#db = db;
    this.#kept = kept;
  }

  /**
   * Writes in one transaction, together with the deliveries that this finishes.
   * @throws {DeliveredError} If one of them is there already; nothing is written before.
   */
  commit(deliveries: Deliveries | undefined, write: () => unknown): unknown {
    if (deliveries === undefined || deliveries.ids.length === 0) return transact(this.#db, write);
    const failed = (error: unknown): never => {
      this.#statements = undefined; // The table may have been made by what was rolled back.
      throw error;
    };
    try {
      const written = transact(this.#db, () => {
        this.#keep(deliveries, Date.now());
        return write();
      });
      return isThenable(written) ? Promise.resolve(written).catch(failed) : written;
    } catch (error) {
      return failed(error);
    }
  }

  #keep({ source, ids }: Deliveries, now: number): void {
    const { insert, forget } = this.#statements ??= this.#open();
    const isNew = (id: string) => insert.all(storedKey(source), storedKey(id), now).length > 0;
    checkDeliveries(ids, ids.filter(isNew));
    if (now - this.#forgotAt < forgetInterval) return;
    this.#forgotAt = now;
    forget.run(now - this.#kept);
  }

  #open(): Statements {
    execute(this.#db, tableSql);
    execute(this.#db, indexSql);
    return { insert: prepare(this.#db, insertSql), forget: prepare(this.#db, forgetSql) };
  }
}
