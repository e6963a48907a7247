/**
 * What the catalogue knows about types.
 * @module
 */
import type { BaseType } from "./cells.ts";
import type { Database } from "./database.ts";

/** A type, and what was found on the way to its base. */
export interface KnownType extends BaseType {
  /** It, or one of its domains, takes no `null`. */
  readonly isNotNull: boolean;
  /** The modifier of its domain, or -1. */
  readonly modifier: number;
}

interface TypeRow {
  readonly name: string;
  readonly category: string;
  readonly isDomain: boolean;
  readonly below: string; // The base of a domain, the element of an array, or 0.
  readonly delimiter: string;
  readonly isNotNull: boolean;
  readonly modifier: number;
}

const typesQuery = `with recursive reached (id) as (
    select value::oid from pg_catalog.json_array_elements_text($1::text::json)
    union
    select case when t.typtype = 'd' then t.typbasetype else t.typelem end
    from reached join pg_catalog.pg_type t on t.oid = reached.id
    where t.typtype = 'd' or t.typcategory = 'A'
  )
  select t.oid::text,
    case when t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace then t.typname::text end,
    t.typcategory::text, t.typtype::text, (case when t.typtype = 'd' then t.typbasetype
      when t.typcategory = 'A' then t.typelem else 0 end)::text,
    t.typdelim::text, t.typnotnull::text, t.typtypmod::text
  from reached join pg_catalog.pg_type t on t.oid = reached.id`;

/** Looks up types by their identifiers. */
export async function readTypes(
  database: Database,
  ids: readonly string[],
): Promise<(id: string) => KnownType> {
  const rows = await database.values(typesQuery, [JSON.stringify([...new Set(ids)])]);
  const types = new Map<string, TypeRow>();
  for (const row of rows as (string | null)[][]) {
    const [id, name, category, kind, below, delimiter, isNotNull, modifier] = row;
    types.set(id!, {
      ...{ name: name ?? "", category: category!, isDomain: kind === "d", below: below! },
      ...{ delimiter: delimiter!, isNotNull: isNotNull === "true", modifier: Number(modifier) },
    });
  }
  const known = (id: string): KnownType => {
    const { below, isDomain, isNotNull, modifier, ...type } = types.get(id)!;
    if (!types.has(below)) return { ...type, isNotNull, modifier };
    const base = known(below);
    if (!isDomain) return { ...type, isNotNull, modifier, element: base };
    return {
      ...base,
      isNotNull: isNotNull || base.isNotNull,
      modifier: modifier === -1 ? base.modifier : modifier,
    };
  };
  return known;
}

/** What the database says of a type that it was given the name of. */
export interface NamedType {
  readonly id: string;
  /** Its name as it was given: the database reads it as one type, so it is safe in a statement. */
  readonly written: string;
}

/** Looks up a type by its name, which may have a modifier; gives nothing if there is no such type. */
export async function readNamedType(
  database: Database,
  name: string,
): Promise<NamedType | undefined> {
  const query = "select pg_catalog.to_regtype($1::text)::oid::text";
  const [row] = await database.values(query, [name]);
  // A comment at the end of the name must end before what follows it in a statement.
  return row?.[0] == null ? undefined : { id: String(row[0]), written: `${name}\n` };
}
