/**
 * Finds which rows a unique index holds equal: this decides which of two rows replaces the other.
 * @module
 */
import type { Database } from "../database.ts";

/** A column of a unique index. */
export interface IndexColumn {
  readonly name: string;
  /** Its collation as a clause, or nothing. */
  readonly collate: string;
  /** The operators by which it is in order, and by which two values are equal. */
  readonly less: string;
  readonly equal: string;
  /** Values that are equal are the same to the last bit. */
  readonly isExact: boolean;
}

/** A unique index by which an upsert can find rows. */
export interface UniqueIndex {
  readonly isPrimary: boolean;
  /** Two rows without a value are the same to it. */
  readonly holdsNullsEqual: boolean;
  readonly columns: readonly IndexColumn[];
}

// Of an index that has expressions, a condition, or waits for the commit, an upsert cannot be told
// by columns alone. A server before 15 does not know of nulls that are not distinct.
const indexesQuery = `select i.indexrelid::text, i.indisprimary::text,
    coalesce(pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct', 'false'), a.attname::text,
    case when c.oid is not null
      then ' collate ' || pg_catalog.format('%I.%I', n.nspname, c.collname) end,
    pg_catalog.format('operator(%I.%s)', ln.nspname, lo.oprname),
    pg_catalog.format('operator(%I.%s)', en.nspname, eo.oprname),
    (s.amproc::oid = pg_catalog.to_regproc('pg_catalog.btequalimage')::oid
      or s.amproc::oid = pg_catalog.to_regproc('pg_catalog.btvarstrequalimage')::oid
      and coalesce(c.collisdeterministic, true))::text
  from pg_catalog.pg_index i
  cross join lateral rows from (pg_catalog.unnest(i.indkey::int2[]),
    pg_catalog.unnest(i.indcollation::oid[]), pg_catalog.unnest(i.indclass::oid[]))
    with ordinality as k (attnum, collation_id, class, place)
  join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
  left join pg_catalog.pg_collation c on c.oid = k.collation_id
  left join pg_catalog.pg_namespace n on n.oid = c.collnamespace
  join pg_catalog.pg_opclass o on o.oid = k.class
  join pg_catalog.pg_am m on m.oid = o.opcmethod and m.amname = 'btree'
  join pg_catalog.pg_amop l on l.amopfamily = o.opcfamily and l.amopstrategy = 1
    and l.amoplefttype = o.opcintype and l.amoprighttype = o.opcintype
  join pg_catalog.pg_operator lo on lo.oid = l.amopopr
  join pg_catalog.pg_namespace ln on ln.oid = lo.oprnamespace
  join pg_catalog.pg_amop e on e.amopfamily = o.opcfamily and e.amopstrategy = 3
    and e.amoplefttype = o.opcintype and e.amoprighttype = o.opcintype
  join pg_catalog.pg_operator eo on eo.oid = e.amopopr
  join pg_catalog.pg_namespace en on en.oid = eo.oprnamespace
  left join pg_catalog.pg_amproc s on s.amprocfamily = o.opcfamily and s.amprocnum = 4
    and s.amproclefttype = o.opcintype and s.amprocrighttype = o.opcintype
  where i.indrelid = pg_catalog.to_regclass($1::text) and i.indisunique and i.indisvalid
    and i.indimmediate and not i.indisexclusion and i.indpred is null and i.indexprs is null
    and k.place <= i.indnkeyatts
  order by i.indisprimary desc, i.indexrelid, k.place`;

/**
 * Looks up the unique indexes of a table, the primary key first.
 * @param table The quoted name of the table.
 */
export async function readUniqueIndexes(
  database: Pick<Database, "values">,
  table: string,
): Promise<UniqueIndex[]> {
  const indexes = new Map<string, UniqueIndex & { columns: IndexColumn[] }>();
  for (const row of await database.values(indexesQuery, [table]) as (string | null)[][]) {
    const [id, isPrimary, holdsNullsEqual, name, collate, less, equal, isExact] = row;
    const index = indexes.get(id!) ?? {
      isPrimary: isPrimary === "true",
      holdsNullsEqual: holdsNullsEqual === "true",
      columns: [],
    };
    indexes.set(id!, index);
    index.columns.push({
      name: name!,
      collate: collate ?? "",
      less: less!,
      equal: equal!,
      isExact: isExact === "true",
    });
  }
  return [...indexes.values()];
}

/** The indexes that have exactly these columns, but for those that hold the same rows equal. */
export function indexesOn(indexes: readonly UniqueIndex[], key: readonly string[]): UniqueIndex[] {
  const fitting = indexes.filter(({ columns }) =>
    columns.length === key.length && columns.every(({ name }) => key.includes(name))
  );
  const signature = ({ columns, holdsNullsEqual }: UniqueIndex) =>
    JSON.stringify([holdsNullsEqual, columns.map((column) => JSON.stringify(column)).sort()]);
  return [...new Map(fitting.map((index) => [signature(index), index])).values()];
}
