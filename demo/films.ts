import type { DatabaseSync } from "node:sqlite";
import { type SqliteSink, sqliteSink } from "../src/adapters/sqlite.ts";
import { type Etl, etl } from "../src/index.ts";
import { type Film, filmOf } from "./film-record.ts";
import { dataFile, readRecords } from "./records.ts";
import type { ReadOptions } from "./slowed.ts";
import type { Tally } from "./tally.ts";

/** The view that takes films, and with each the names that it refers to. */
export function filmSink(database: DatabaseSync): SqliteSink {
  return sqliteSink(database, {
    table: "film_with_names",
    columns: [
      "title",
      "year",
      "released",
      "director",
      "genre",
      "distributor",
      "source",
      "creative_type",
      "certificate",
      "minutes",
      "budget",
      "us_gross",
      "world_gross",
      "us_dvd_sales",
      "tomatoes",
      "imdb_rating",
      "imdb_votes",
    ],
  });
}

/** The pipeline of the films; `repaired` counts what was put right. */
export function films(
  { load, checkpoints }: SqliteSink,
  options: ReadOptions,
  { database, repaired }: { database: DatabaseSync; repaired: Tally },
): Etl<unknown, Film> {
  return etl({
    name: "films",
    extract: () => readRecords(dataFile("movies.json"), options),
    // What it throws makes a dead letter of the record; so does what the database refuses, as a
    // second release of the same film: the batch is halved until that film stands alone.
    transform: (record) => filmOf(record, repaired),
    load,
    // Needs all films: whether a rating is shared is seen once both are there.
    postProcess: () => repaired.add("ratings given to two films", withdrawRatings(database)),
  }, { checkpoints, guarantee: "effectively-once", total: 3201 });
}

/**
 * Ratings were looked up by title, so that a remake has those of the film before it, and Monster
 * those of Monsters, Inc. Which of two was meant nobody can tell any more: both lose them. Votes
 * that are equal by chance have titles that begin differently.
 */
function withdrawRatings(database: DatabaseSync): number {
  const { changes } = database.prepare(`
    UPDATE film SET imdb_rating = NULL, imdb_votes = NULL WHERE id IN (
      SELECT one.id FROM film AS one JOIN film AS other
        ON one.imdb_votes = other.imdb_votes AND one.imdb_rating = other.imdb_rating
        AND one.id <> other.id AND substr(one.title, 1, 5) = substr(other.title, 1, 5)
    )`).run();
  return Number(changes);
}
