/** What the databases do not share: names of types, and whether a row goes with the one above it. */
interface Types {
  readonly id: string;
  readonly time: string;
  readonly json: string;
  readonly flag: string;
  readonly references: boolean;
}

/** A database that the demo loads into. */
export type Kind = "sqlite" | "duckdb" | "postgres";

const types: Readonly<Record<Kind, Types>> = {
  sqlite: { id: "integer", time: "text", json: "text", flag: "integer", references: true },
  postgres: { id: "bigint", time: "timestamptz", json: "jsonb", flag: "boolean", references: true },
  // It deletes no row in the transaction that has deleted those which refer to it.
  duckdb: { id: "bigint", time: "timestamptz", json: "json", flag: "boolean", references: false },
};

/** The tables, parents first, and how each hangs on the one above it. */
export const tables = {
  users: {},
  addresses: { parent: { table: "users", on: { user_id: "id" } } },
  profiles: { parent: { table: "users", on: { user_id: "id" } } },
  education: { parent: { table: "profiles", on: { profile_id: "id" } } },
  experience: { parent: { table: "profiles", on: { profile_id: "id" } } },
  preferences: { parent: { table: "users", on: { user_id: "id" } } },
  settings: { parent: { table: "preferences", on: { preferences_id: "id" } } },
  activity_log: { parent: { table: "users", on: { user_id: "id" } } },
  transactions: { parent: { table: "users", on: { user_id: "id" } } },
  messages: { parent: { table: "users", on: { user_id: "id" } } },
  attachments: { parent: { table: "messages", on: { message_id: "id" } } },
  social_media: { parent: { table: "users", on: { user_id: "id" } } },
  posts: { parent: { table: "social_media", on: { social_media_id: "id" } } },
  groups: { parent: { table: "social_media", on: { social_media_id: "id" } } },
  large_data: { parent: { table: "users", on: { user_id: "id" } } },
} as const;

/**
 * The statements that bring an empty database to its tables, each done once. Logs (`activity_log`,
 * `transactions`, `settings` and others) have no key: nothing but the checkpoint keeps their rows from
 * being there twice.
 */
export function migrationsOf(database: Kind): readonly string[] {
  const statements = [tablesOf(types[database])];
  if (database !== "duckdb") statements.push(indexes); // It reads whole columns, and fast.
  return statements;
}

function tablesOf({ id, time, json, flag, references }: Types): string {
  const child = (column: string, parent: string, type = id) =>
    `${column} ${type} not null${references ? ` references ${parent} on delete cascade` : ""}`;
  const entry = `key text not null, value text not null, timestamp ${time} not null,
    metadata text not null`;
  return `
    create table users (id ${id} primary key, username text not null unique,
      email text not null unique, first_name text not null, last_name text not null,
      age integer not null, created_at ${time} not null, updated_at ${time} not null);
    create table addresses (id ${id} primary key, ${child("user_id", "users")},
      street text not null, city text not null, state text not null, zip_code text not null,
      country text not null, coordinates ${json} not null);
    create table profiles (id ${id} primary key, ${child("user_id", "users")},
      bio text not null, interests ${json} not null, skills ${json} not null);
    create table education (${child("profile_id", "profiles")}, institution text not null,
      degree text not null, year integer not null, description text not null);
    create table experience (${child("profile_id", "profiles")}, company text not null,
      position text not null, duration text not null, description text not null);
    create table preferences (id ${id} primary key, ${child("user_id", "users")},
      language text not null, time_zone text not null, notifications ${json} not null);
    create table settings (${child("preferences_id", "preferences")}, ${entry});
    create table activity_log (${child("user_id", "users")}, ${entry});
    create table transactions (${child("user_id", "users")}, ${entry});
    create table messages (id text primary key, ${child("user_id", "users")},
      sender text not null, recipient text not null, subject text not null, body text not null,
      timestamp ${time} not null, read ${flag} not null);
    create table attachments (${child("message_id", "messages", "text")}, name text not null,
      size integer not null, file_type text not null);
    create table social_media (id ${id} primary key, ${child("user_id", "users")},
      connections ${json} not null);
    create table posts (${child("social_media_id", "social_media")}, ${entry});
    create table groups (id text primary key, ${child("social_media_id", "social_media")},
      name text not null, joined ${time} not null);
    create table large_data (id ${id} primary key, ${child("user_id", "users")},
      text1 text not null, text2 text not null, text3 text not null, text4 text not null,
      text5 text not null)`;
}

/** Each child is found by what it belongs to: else a delete would read whole tables. */
const indexes: string = Object.entries(tables)
  .flatMap(([table, options]) =>
    "parent" in options ? [[table, Object.keys(options.parent.on)[0]!] as const] : []
  )
  .map(([table, column]) => `create index ${table}_${column} on ${table} (${column})`)
  .join(";\n");

/** Counts the rows of each table, and those without the row above them. */
export const countQuery: string = Object.entries(tables).map(([table, options]) => {
  const counted = `select '${table}' as name, count(*) as count`;
  if (!("parent" in options)) return `${counted}, 0 as orphans from ${table}`;
  const { table: parent, on } = options.parent;
  const column = Object.keys(on)[0]!;
  return `${counted}, coalesce(sum(case when p.id is null then 1 else 0 end), 0) as orphans
    from ${table} t left join ${parent} p on p.id = t.${column}`;
}).join("\nunion all\n");
