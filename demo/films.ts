import type { DatabaseSync } from "node:sqlite";
import { chunks, type Etl, etl, skip } from "../src/index.ts";
import { inTransaction } from "./database.ts";
import { type Film, filmOf } from "./film-record.ts";
import { dataFile, type ReadOptions, readRecords } from "./records.ts";
import { Rejection } from "./rejection.ts";
import type { Tally } from "./tally.ts";

/** The pipeline of the films: `leftOut` counts why some are not loaded, `repaired` what was put right. */
export function films(
  database: DatabaseSync,
  options: ReadOptions,
  { leftOut, repaired }: { leftOut: Tally; repaired: Tally },
): Etl<unknown, Film> {
  const write = filmWriter(database);
  const known = new Set<string>();
  return etl({
    name: "films",
    extract: async () => chunks(await readRecords(dataFile("movies.json"), options)),
    transform: (record) => {
      try {
        const film = filmOf(record, repaired);
        const key = `${film.title} (${film.year})`; // Remakes bear the same title.
        if (known.has(key)) throw new Rejection("another release of a film");
        known.add(key);
        return film;
      } catch (error) {
        if (!(error instanceof Rejection)) throw error; // A bug, not a bad record.
        leftOut.add(error.message);
        return skip;
      }
    },
    load: (batch) =>
      inTransaction(database, () => {
        for (const film of batch) write(film);
      }),
    // Needs all films: whether a rating is shared is seen once both are there.
    postProcess: () => repaired.add("ratings given to two films", withdrawRatings(database)),
  });
}

/** Writes a film, and the names that it refers to where they are new. */
function filmWriter(database: DatabaseSync): (film: Film) => void {
  const names = { director: "person", genre: "genre", distributor: "distributor" };
  const references = Object.entries(names).map(([field, table]) => ({
    field: field as keyof typeof names,
    insert: database.prepare(`INSERT INTO ${table} (name) VALUES (?) ON CONFLICT DO NOTHING`),
  }));
  const insert = database.prepare(`
    INSERT INTO film (
      title, year, released, director_id, genre_id, distributor_id, source, creative_type,
      certificate, minutes, budget, us_gross, world_gross, us_dvd_sales,
      tomatoes, imdb_rating, imdb_votes
    ) VALUES (
      :title, :year, :released,
      (SELECT id FROM person WHERE name = :director),
      (SELECT id FROM genre WHERE name = :genre),
      (SELECT id FROM distributor WHERE name = :distributor),
      :source, :creativeType, :certificate, :minutes, :budget, :usGross, :worldGross, :usDvdSales,
      :tomatoes, :imdbRating, :imdbVotes
    )`);
  return (film) => {
    for (const { field, insert } of references) {
      if (film[field] !== null) insert.run(film[field]);
    }
    insert.run({ ...film });
  };
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
