import { checkDeliveries, type Deliveries } from "../../checkpoints/deliveries.ts";
import { storedKey } from "../../sql/text.ts";
import { type Database, isOfStatement, runAll, type Statement, statement } from "./database.ts";
import { jsonOf, lotsOf } from "./json-rows.ts";

/** Options for remembering the deliveries that a sink has loaded. */
export interface CloudflareDeliveryOptions {
  /**
   * Milliseconds for which the id of a delivery is kept so that it is not loaded again, with a `leased`
   * source that has `idOf`, such as that of `consumeQueue`. Must be longer than the queue may take to
   * redeliver a message.
   *
   * @default {604_800_000} a week
   */
  readonly keepDeliveries?: number | undefined;
}

const tables = [
  `create table if not exists millrace_delivery (
    source text not null, id text not null, at real not null, primary key (source, id)
  ) without rowid`,
  "create index if not exists millrace_delivery_at on millrace_delivery (at)",
].map((sql) => statement(sql));
const insertSql = `insert into millrace_delivery (source, id, at)
  select ?1, j.value, ?3 from json_each(?2) as j`;
const findSql = `select id from millrace_delivery
  where source = ?1 and id in (select j.value from json_each(?2) as j)`;
const forgetSql = "delete from millrace_delivery where at < ?1";
/** Interval at which old deliveries are deleted, in milliseconds. */
const forgetInterval = 60_000;

/** Stores loaded deliveries in a table next to the rows, which is created when needed. */
export class DatabaseDeliveries {
  readonly #db: Database;
  readonly #kept: number;
  readonly #maxBytes: number;
  #forgotAt = 0;

  /** Sets for how many milliseconds deliveries are kept, and the maximum bytes of a parameter. */
  constructor(db: Database, kept: number, maxBytes: number) {
    this.#db = db;
    this.#kept = kept;
    this.#maxBytes = maxBytes;
  }

  /**
   * Runs statements in one transaction, together with the deliveries that they finish. Does nothing if
   * they were committed earlier, and the response was lost.
   * @throws {DeliveredError} If one of them is there already; nothing is written then.
   */
  async run({ source, ids }: Deliveries, statements: readonly Statement[]): Promise<void> {
    if (ids.length === 0) return void await runAll(this.#db, statements);
    const stored = new Map(ids.map((id) => [storedKey(id), id]));
    const key = storedKey(source);
    const lots = lotsOf([...stored.keys()].map(jsonOf), this.#maxBytes);
    const now = Date.now();
    const isDue = now - this.#forgotAt >= forgetInterval && this.#kept < Infinity;
    const forget = isDue ? [statement(forgetSql, now - this.#kept)] : [];
    try {
      const keep = lots.map(({ json }) => statement(insertSql, key, json, now));
      await runAll(this.#db, [...tables, ...keep, ...statements, ...forget]);
      if (isDue) this.#forgotAt = now;
    } catch (error) {
      const isKnown = `${(error as Error | undefined)?.message}`.includes("millrace_delivery.");
      if (!isKnown && isOfStatement(error)) throw error;
      const find = [...tables, ...lots.map(({ json }) => statement(findSql, key, json))];
      const answers = await this.#db.batch(find).catch(() => Promise.reject(error));
      const found = answers.slice(tables.length).flat();
      const there = new Set(found.map(({ id }) => stored.get(`${id}`)!));
      if (isKnown) return checkDeliveries(ids, ids.filter((id) => !there.has(id)));
      if (there.size < ids.length) throw error;
      for (const { onDone } of statements) onDone?.(); // They all are: the answer was lost.
    }
  }
}
