import { type D1Binding, d1Sink } from "millrace/cloudflare";

/** A city, as it comes in: other properties are dropped. */
export interface City {
  readonly city: string;
  readonly latitude: number;
}

const table = `create table if not exists cities (
  city text primary key,
  latitude real not null check (latitude between -90 and 90)
)`;

/** Where all pipelines end. Each commit holds rows, and what they complete; bad rows are kept apart. */
export async function citiesSink(db: D1Binding) {
  await db.batch([db.prepare(table)]); // Or a migration of wrangler.
  return d1Sink(db, { table: "cities", conflict: "replace", unknown: "drop" });
}
