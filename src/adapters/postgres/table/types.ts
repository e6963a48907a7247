/**
 * Types as the catalogue describes them.
 * @module
 */
import type { BaseType } from "../values.ts";
import type { Database } from "../database.ts";

/** A type, and the facts found on the way to its base. */
export interface KnownType extends BaseType {
  /** True if the type, or one of its domains, rejects `null`. */
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

/** All that is known of the types that `ids` selects, and of those below them, as JSON. */
export function typesJson(ids: string): string {
  return `(with recursive reached (id) as (
      ${ids}
      union
      select case when t.typtype = 'd' then t.typbasetype else t.typelem end
      from reached join pg_catalog.pg_type t on t.oid = reached.id
      where t.typtype = 'd' or t.typcategory = 'A'
    )
    select coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(t.oid::text,
      case when t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace then t.typname::text else '' end,
      t.typcategory::text, t.typtype = 'd', (case when t.typtype = 'd' then t.typbasetype
        when t.typcategory = 'A' then t.typelem else 0 end)::text,
      t.typdelim::text, t.typnotnull, t.typtypmod)), '[]')::text
    from reached join pg_catalog.pg_type t on t.oid = reached.id)`;
}

type TypeArray = readonly [
  id: string,
  name: string,
  category: string,
  isDomain: boolean,
  below: string,
  delimiter: string,
  isNotNull: boolean,
  modifier: number,
];

/** Tells types by their identifiers, of what `typesJson` gave. */
export function typesOf(...texts: readonly string[]): (id: string) => KnownType {
  const types = new Map<string, TypeRow>();
  for (const text of texts) {
    for (const [id, name, category, isDomain, ...rest] of JSON.parse(text) as TypeArray[]) {
      const [below, delimiter, isNotNull, modifier] = rest;
      types.set(id, { name, category, isDomain, below, delimiter, isNotNull, modifier });
    }
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

/** Type that the database has found by its name. */
export interface NamedType {
  readonly id: string;
  /** Its name as it was given: the database reads it as one type, so it is safe in a statement. */
  readonly written: string;
  /** Facts about it, as JSON. */
  readonly types: string;
}

const namedQuery = `select pg_catalog.to_regtype($1::text)::oid::text,
  ${typesJson("select pg_catalog.to_regtype($1::text)::oid")}`;

/** Looks up a type by its name, which may have a modifier; returns nothing if there is no such type. */
export async function readNamedType(
  database: Database,
  name: string,
): Promise<NamedType | undefined> {
  const [row] = await database.values(namedQuery, [name]);
  if (row?.[0] == null) return undefined;
  // A comment at the end of the name must end before what follows it in a statement.
  return { id: String(row[0]), written: `${name}\n`, types: String(row[1]) };
}
