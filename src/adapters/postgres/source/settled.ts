import { fail } from "../../../options.ts";
import { sleep } from "../../../runtime/deadline.ts";
import type { Session } from "../database.ts";
import { readLayout, settings, textOf } from "./layout.ts";
import { fromQuery } from "./page.ts";
import type { Query, View } from "./query.ts";
import { fieldsOf } from "./rows.ts";
import { floorOf } from "./settled-floor.ts";

/** Limits of a read. */
export interface Settled {
  /** No row is above it: the text of the first column of the key. */
  readonly upTo: string | undefined;
  /**
   * Returns how many of the rows of a page are read; `keyAt` gives the first column of their keys.
   */
  take(length: number, keyAt: (place: number) => string): number;
}

const everything: Settled = { upTo: undefined, take: (length) => length };
const nothing: Settled = { upTo: undefined, take: () => 0 };
const timestamptz = 1184;
const integers: ReadonlySet<number> = new Set([20, 21, 23]);
const maxSettleTime = 1000; // ms that a read waits for transactions of others.

/** Value below which a query is settled: no row committed later has a lower key. */
export async function settle(
  query: Query,
  view: View,
  above: readonly string[] | undefined,
): Promise<Settled> {
  if (!query.settled) return everything;
  const { database } = query;
  const [first, ...others] = view.key.columns.map(({ type }) => type);
  const [isStandby] = (await database.values(standbyQuery))[0]!;
  if (isStandby === "t") {
    fail(
      "read pages",
      "settled",
      "false on a standby server, which does not know who writes",
      true,
    );
  }
  if (first === timestamptz) return settleTimes(query);
  if (others.length === 0 && integers.has(first!)) return settleNumbers(query, view, above);
  const rule = "false unless the key is one integer column that is filled by a sequence, or " +
    "begins with a timestamptz";
  return fail("read pages", "settled", rule, true);
}

const standbyQuery = "select pg_catalog.boolout(pg_catalog.pg_is_in_recovery())";

/**
 * An insert locks its table before it takes a number of the sequence, and until its end. So whatever
 * is below a number that was seen is visible once those have ended who held that lock afterwards.
 * That is how `create index concurrently` waits for writers.
 */
async function settleNumbers(
  query: Query,
  view: View,
  above: readonly string[] | undefined,
): Promise<Settled> {
  const { database, sql, params, signal } = query;
  const { tables, upTo, writers } = await database.transaction(async (session) => {
    await readLayout(session, sql, params); // From now on the transaction has its tables locked.
    const tables = await textOf(session, tablesQuery);
    if (tables === "{}") fail("read pages", "settled", "false for a query without tables", true);
    const upTo = await highest(session, query, view);
    return { tables, upTo, writers: await writersOf(session, tables) };
  });
  if (upTo === undefined) return nothing;
  const isOpen = (writer: string) => writers.includes(writer) || writer.startsWith("-1/"); // One that was prepared meanwhile.
  const isSettled = writers.length === 0 || await until(signal, async () => {
    return !(await writersOf(database, tables)).some(isOpen);
  });
  if (isSettled) return { upTo, take: everything.take };
  return consecutive(await floorOf(query, view, tables, above));
}

/** Accepts rows up to the first number that is not committed, while others write. */
function consecutive(settledTo: bigint | undefined): Settled {
  if (settledTo === undefined) return nothing;
  let last = settledTo;
  return {
    upTo: undefined,
    take: (length, keyAt) => {
      for (let place = 0; place < length; place++) {
        const key = BigInt(keyAt(place));
        if (key > last + 1n) return place;
        if (key > last) last = key;
      }
      return length;
    },
  };
}

/** The tables that this transaction has locked, and those of which they are partitions. */
const tablesQuery = `select coalesce(pg_catalog.array_agg(distinct t.oid), '{}')::text
  from pg_catalog.pg_locks l
  join pg_catalog.pg_class c on c.oid = l.relation
  cross join lateral (
    select c.oid union select relid from pg_catalog.pg_partition_ancestors(c.oid)
  ) as t(oid)
  where l.pid = pg_catalog.pg_backend_pid() and l.locktype = 'relation'
    and l.database = (select oid from pg_catalog.pg_database
      where datname = pg_catalog.current_database())
    and c.relkind in ('r', 'p') and c.relnamespace <> 'pg_catalog'::pg_catalog.regnamespace`;

const writersQuery = `select coalesce(pg_catalog.array_agg(distinct virtualtransaction), '{}')::text
  from pg_catalog.pg_locks
  where locktype = 'relation' and mode = 'RowExclusiveLock' and granted
    and database = (select oid from pg_catalog.pg_database
      where datname = pg_catalog.current_database())
    and relation = any ($1::text::pg_catalog.oid[])
    and pid is distinct from pg_catalog.pg_backend_pid()`;

async function writersOf(session: Pick<Session, "values">, tables: string): Promise<string[]> {
  const list = (await textOf(session, writersQuery, [tables])).slice(1, -1);
  return list === "" ? [] : list.split(",");
}

async function highest(
  session: Pick<Session, "values">,
  { sql, params }: Query,
  { layout, key }: View,
): Promise<string | undefined> {
  const [name] = key.names;
  const rows = await session.values(
    `select pg_catalog.record_out(row(${name})) ${fromQuery(sql, layout)}
      where ${settings} and ${name} is not null order by ${name} desc limit 1`,
    params,
  );
  return rows.length === 0 ? undefined : fieldsOf(rows[0]![0], 1)[0]!;
}

/**
 * Returns the limit for keys written by `now()`, which is not below the start of its transaction.
 */
async function settleTimes({ database, signal }: Query): Promise<Settled> {
  const at = await textOf(database, "select pg_catalog.clock_timestamp()::text");
  await sleep(50, signal); // One that began before has told of it by then.
  const [row] = await database.values(startsQuery, [at]);
  const [upTo, isHidden, isPrepared] = row as [string, string, string];
  if (isHidden === "t") {
    const rule = "false unless the role can see other transactions: " +
      "grant pg_read_all_stats to it";
    fail("read pages", "settled", rule, true);
  }
  // When it began, nobody knows.
  if (isPrepared === "t") return nothing;
  return { upTo, take: everything.take };
}

const startsQuery = `select
    pg_catalog.textout((least(
      $1::text::pg_catalog.timestamptz,
      (select min(xact_start) from pg_catalog.pg_stat_activity
        where datname = pg_catalog.current_database() and pid <> pg_catalog.pg_backend_pid()
          and backend_type <> 'autovacuum worker')
    ) - pg_catalog.make_interval(secs => 0.000001))::text),
    pg_catalog.boolout(exists(select from pg_catalog.pg_stat_activity
      where datname = pg_catalog.current_database() and query = '<insufficient privilege>')),
    pg_catalog.boolout(exists(select from pg_catalog.pg_prepared_xacts
      where database = pg_catalog.current_database()))
  where ${settings}`;

/** Asks again and again whether something has come true, for some time. */
async function until(signal: AbortSignal, ask: () => Promise<boolean>): Promise<boolean> {
  for (let delay = 10, waited = 0; !signal.aborted; delay = Math.min(100, delay * 2)) {
    if (await ask()) return true;
    if (waited >= maxSettleTime) return false;
    await sleep(delay, signal);
    waited += delay;
  }
  return false;
}
