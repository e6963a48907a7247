import { rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

// A film has at most one director, one genre and one distributor in this data, so it refers to
// them, and no table of pairs is called for. Who loads a film knows their names and not their ids:
// the view takes it with the names.
const schema = `
  CREATE TABLE flight (
    id INTEGER PRIMARY KEY,
    departure INTEGER NOT NULL, -- minute of the day
    delay INTEGER NOT NULL, -- minutes at arrival; below 0 is early
    distance INTEGER NOT NULL -- miles
  ) STRICT;
  CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE genre (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE distributor (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE film (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    year INTEGER NOT NULL,
    released TEXT, -- where the day is known
    director_id INTEGER REFERENCES person,
    genre_id INTEGER REFERENCES genre,
    distributor_id INTEGER REFERENCES distributor,
    source TEXT,
    creative_type TEXT,
    certificate TEXT,
    minutes INTEGER,
    budget INTEGER, -- this and all money in dollars
    us_gross INTEGER,
    world_gross INTEGER,
    us_dvd_sales INTEGER,
    tomatoes INTEGER, -- per cent
    imdb_rating REAL,
    imdb_votes INTEGER,
    UNIQUE (title, year)
  ) STRICT;
  CREATE VIEW film_with_names AS
    SELECT
      title, year, released,
      person.name AS director, genre.name AS genre, distributor.name AS distributor,
      source, creative_type, certificate, minutes, budget, us_gross, world_gross, us_dvd_sales,
      tomatoes, imdb_rating, imdb_votes
    FROM film
      LEFT JOIN person ON person.id = director_id
      LEFT JOIN genre ON genre.id = genre_id
      LEFT JOIN distributor ON distributor.id = distributor_id;
  CREATE TRIGGER film_with_names_insert INSTEAD OF INSERT ON film_with_names BEGIN
    INSERT INTO person (name)
      SELECT NEW.director WHERE NEW.director IS NOT NULL ON CONFLICT DO NOTHING;
    INSERT INTO genre (name)
      SELECT NEW.genre WHERE NEW.genre IS NOT NULL ON CONFLICT DO NOTHING;
    INSERT INTO distributor (name)
      SELECT NEW.distributor WHERE NEW.distributor IS NOT NULL ON CONFLICT DO NOTHING;
    INSERT INTO film (
      title, year, released, director_id, genre_id, distributor_id, source, creative_type,
      certificate, minutes, budget, us_gross, world_gross, us_dvd_sales,
      tomatoes, imdb_rating, imdb_votes
    ) VALUES (
      NEW.title, NEW.year, NEW.released,
      (SELECT id FROM person WHERE name = NEW.director),
      (SELECT id FROM genre WHERE name = NEW.genre),
      (SELECT id FROM distributor WHERE name = NEW.distributor),
      NEW.source, NEW.creative_type, NEW.certificate, NEW.minutes, NEW.budget, NEW.us_gross,
      NEW.world_gross, NEW.us_dvd_sales, NEW.tomatoes, NEW.imdb_rating, NEW.imdb_votes
    );
  END;
`;

// A power cut may undo the last commits, of rows together with their checkpoints: the next run
// loads these rows again.
const settings = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA busy_timeout = 5000;
`;

/** What says in the file that it is a database of the demo: "mill". */
const applicationId = 0x6d_69_6c_6c;

/**
 * Opens what a run has left that did not end, and otherwise a database with empty tables; `isFresh`
 * decides it whatever was left.
 * @throws {Error} If there is a file of this name that is no database of the demo.
 */
export function openDatabase(path: string, isFresh: boolean | undefined): DatabaseSync {
  const found = open(path);
  if (!(isFresh ?? isComplete(found))) return found;
  found.close();
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
  return open(path);
}

function open(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    const isNew = countOf(database, "SELECT count(*) FROM sqlite_schema") === 0;
    const isOurs = countOf(database, "PRAGMA application_id") === applicationId;
    if (!isNew && !isOurs) throw new Error("it belongs to another application");
    database.exec(settings);
    const mark = `PRAGMA application_id = ${applicationId}`;
    if (isNew) database.exec(`BEGIN; ${mark}; ${schema} COMMIT;`);
    return database;
  } catch (cause) {
    database.close();
    throw new Error(`Cannot load into "${path}": ${(cause as Error).message}`, { cause });
  }
}

/** Keeps that everything is loaded: the next run begins with a new database. */
export function setComplete(database: DatabaseSync): void {
  database.exec("PRAGMA user_version = 1");
}

function isComplete(database: DatabaseSync): boolean {
  return countOf(database, "PRAGMA user_version") === 1;
}

/** The only number that a query gives. */
export function countOf(database: DatabaseSync, query: string): number {
  return Number(Object.values(database.prepare(query).get() ?? {})[0]);
}
