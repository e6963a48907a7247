import type { DatabaseSync } from "node:sqlite";
import { type Cell, tableOf } from "./table.ts";

interface Question {
  readonly words: string;
  /** The names of its columns are the head of the answer. */
  readonly query: string;
}

// The hour is that in which a flight left, not the one in which it should have: after midnight go
// those that are late. Hours of less than 100 flights say nothing.
const hours: Question = {
  words: "In which hour did the flights leave that came most late, and least?",
  query: `
    WITH hour AS (
      SELECT
        CASE WHEN distance < 500 THEN 1 WHEN distance < 1500 THEN 2 ELSE 3 END AS band,
        departure / 60 AS hour, count(*) AS flights, avg(delay) AS delay
      FROM flight GROUP BY band, hour HAVING flights >= 100
    ), ranked AS (
      SELECT *,
        rank() OVER (PARTITION BY band ORDER BY delay DESC) AS worst,
        rank() OVER (PARTITION BY band ORDER BY delay) AS best
      FROM hour
    )
    SELECT
      CASE band WHEN 1 THEN 'below 500' WHEN 2 THEN '500 to 1,499' ELSE '1,500 and up' END AS miles,
      CASE worst WHEN 1 THEN 'worst' ELSE 'best' END AS place,
      format('%02d:00 to %02d:59', hour, hour) AS departure,
      flights,
      format('%.1f', delay) AS "mean delay (min)"
    FROM ranked WHERE worst = 1 OR best = 1 ORDER BY band, delay DESC`,
};

const directors: Question = {
  words: "Which directors earned most for each dollar spent, over three films or more?",
  query: `
    SELECT
      person.name AS director, count(*) AS films,
      format('%.1f', sum(budget) / 1e6) AS "budget (M$)",
      format('%.1f', sum(world_gross) / 1e6) AS "earned (M$)",
      format('%.1f', 1.0 * sum(world_gross) / sum(budget)) AS "for a dollar"
    FROM film JOIN person ON person.id = director_id
    WHERE budget > 0 AND world_gross IS NOT NULL
    GROUP BY person.id HAVING films >= 3
    ORDER BY 1.0 * sum(world_gross) / sum(budget) DESC LIMIT 5`,
};

const genres: Question = {
  words: "Which genres pay, and does anyone like them?",
  query: `
    SELECT
      genre.name AS genre, count(*) AS films,
      format('%.1f', 1.0 * sum(world_gross) / sum(budget)) AS "for a dollar",
      format('%.0f', 100.0 * avg(world_gross < budget)) AS "below budget (%)",
      format('%.1f', avg(imdb_rating)) AS "mean IMDb rating"
    FROM film JOIN genre ON genre.id = genre_id
    WHERE budget > 0 AND world_gross IS NOT NULL
    GROUP BY genre.id HAVING films >= 20
    ORDER BY 1.0 * sum(world_gross) / sum(budget) DESC`,
};

/** Asks the tables, and gives each question with its answer as text. */
export function* answers(database: DatabaseSync): Generator<string> {
  for (const { words, query } of [hours, directors, genres]) {
    const rows = database.prepare(query).all() as Record<string, Cell>[];
    const head = Object.keys(rows[0] ?? {});
    yield `${words}\n\n${tableOf([head, ...rows.map((row) => Object.values(row))])}\n`;
  }
}
