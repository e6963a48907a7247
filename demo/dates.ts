import { Rejection } from "./rejection.ts";
import type { Tally } from "./tally.ts";

/** Nothing that is dated later had happened when the data was gathered. */
const gathered = "2010-09-30";

/** The year of a date above this one had two digits and was taken for one of this century. */
const lastYear = 2011;

/** From this year on "Dec 31" is a day as any other; before, it never is. */
const firstExactYear = 1995;

/** When a film was released: a year, and where it is known the day as `YYYY-MM-DD`. */
export interface ReleaseDate {
  readonly year: number;
  readonly released: string | null;
}

/**
 * Reads a date such as "Jun 12 1998", and counts in `repaired` what was wrong with it.
 * @throws {Rejection} If it is none, or has not come yet.
 */
export function dateOf(given: unknown, repaired: Tally): ReleaseDate {
  // The time 0, seen from a time zone of America, is what became of missing dates.
  if (given === "Dec 31 1969") throw new Rejection("no date of release");
  const day = dayOf(given);
  const year = Number(day.slice(0, 4));
  if (year > lastYear) {
    repaired.add("dates a century late");
    return { year: year - 100, released: `${year - 100}${day.slice(4)}` };
  }
  if (day > gathered) throw new Rejection("not released when the data was gathered");
  // Where only the year was known it became Jan 1, and many of those a day less: Casablanca, of
  // 1942, is dated Dec 31 1941.
  const isDayBefore = day.endsWith("-12-31") && year < firstExactYear;
  if (isDayBefore) repaired.add("dates a day before their year");
  if (isDayBefore || day.endsWith("-01-01")) return { year: year + +isDayBefore, released: null };
  return { year, released: day };
}

function dayOf(given: unknown): string {
  if (typeof given !== "string" || !/^[A-Z][a-z]{2} \d\d \d{4}$/.test(given)) {
    throw new Rejection("no date of release");
  }
  const date = new Date(`${given} UTC`);
  // `Date` takes "Feb 31" for a day of March.
  if (date.getUTCDate() !== Number(given.slice(4, 6))) throw new Rejection("no date of release");
  return date.toISOString().slice(0, 10);
}
