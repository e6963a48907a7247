import { dateOf } from "./dates.ts";
import { Rejection } from "./rejection.ts";
import type { Tally } from "./tally.ts";
import { titleOf } from "./titles.ts";

/** A film as it is stored, named like the columns; `null` is not known. */
export interface Film {
  readonly title: string;
  readonly year: number;
  readonly released: string | null;
  readonly director: string | null;
  readonly genre: string | null;
  readonly distributor: string | null;
  readonly source: string | null;
  readonly creative_type: string | null;
  readonly certificate: string | null;
  readonly minutes: number | null;
  readonly budget: number | null;
  readonly us_gross: number | null;
  readonly world_gross: number | null;
  readonly us_dvd_sales: number | null;
  readonly tomatoes: number | null;
  readonly imdb_rating: number | null;
  readonly imdb_votes: number | null;
}

/**
 * Makes a film of a record, and counts in `repaired` what had to be put right.
 * @throws {Rejection} If the record is no film that was released.
 */
export function filmOf(given: unknown, repaired: Tally): Film {
  if (typeof given !== "object" || given === null) throw new Rejection("no record");
  const record = given as Record<string, unknown>;
  const text = (name: string) => textOf(name, record[name]);
  const number = (name: string, most?: number) => numberOf(name, record[name], most);
  const film = {
    title: titleOf(record["Title"], repaired),
    ...dateOf(record["Release Date"], repaired),
    director: text("Director"),
    genre: text("Major Genre"),
    distributor: text("Distributor"),
    source: text("Source"),
    creative_type: text("Creative Type"),
    certificate: text("MPAA Rating"),
    minutes: number("Running Time min"),
    budget: number("Production Budget"),
    us_gross: number("US Gross"),
    world_gross: number("Worldwide Gross"),
    us_dvd_sales: number("US DVD Sales"),
    tomatoes: number("Rotten Tomatoes Rating", 100),
    imdb_rating: number("IMDB Rating", 10),
    imdb_votes: number("IMDB Votes"),
  };
  return repair(film, repaired);
}

/** Puts right what is written as known and is not, or is written wrongly. */
function repair(film: Film, repaired: Tally): Film {
  const better: { -readonly [K in keyof Film]?: Film[K] } = {};
  // 12 Angry Men is among those that are said to have earned nothing.
  if (film.us_gross === 0) better.us_gross = null;
  if (film.world_gross === 0) better.world_gross = null;
  if (film.us_gross === 0 || film.world_gross === 0) repaired.add("films with earnings of 0");
  // Quotes were doubled for CSV and stayed so: Jeff ""King Jeff"" Hollins.
  if (film.director?.includes('""')) {
    better.director = film.director.replaceAll('""', '"');
    repaired.add("directors with doubled quotes");
  }
  if (film.distributor === "Distributor Unknown") {
    better.distributor = null;
    repaired.add("distributors called unknown");
  }
  // No certificate has this name: both films opened without one.
  if (film.certificate === "Open") {
    better.certificate = "Not Rated";
    repaired.add('certificates "Open"');
  }
  return { ...film, ...better };
}

function textOf(name: string, value: unknown): string | null {
  if (value === null) return null;
  if (typeof value !== "string" || value.trim() === "") throw new Rejection(`${name} is no text`);
  return value.trim();
}

function numberOf(name: string, value: unknown, most = Number.MAX_SAFE_INTEGER): number | null {
  if (value === null) return null;
  const isInRange = typeof value === "number" && value >= 0 && value <= most;
  if (!isInRange) throw new Rejection(`${name} is no number from 0 to ${most}`);
  return value;
}
