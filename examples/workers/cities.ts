import { type D1Binding, d1Sink } from "millrace/cloudflare";

/** A city as it arrives. Other properties are dropped. */
export interface City {
  readonly city: string;
  readonly latitude: number;
}

const table = `create table if not exists cities (
  city text primary key,
  latitude real not null check (latitude between -90 and 90)
)`;

/** Sink of all pipelines. Each commit holds rows and their checkpoint; bad rows are stored separately. */
export async function citiesSink(db: D1Binding) {
  await db.batch([db.prepare(table)]); // Or use a migration of wrangler.
  return d1Sink(db, { table: "cities", conflict: "replace", unknown: "drop" });
}
