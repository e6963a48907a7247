import type { DatabaseSync } from "node:sqlite";
import { chunks, type Etl, etl, skip } from "../src/index.ts";
import { inTransaction } from "./database.ts";
import { dataFile, type ReadOptions, readRecords } from "./records.ts";
import type { Tally } from "./tally.ts";

/** A flight as it is stored. */
interface Flight {
  /** Minute of the day. */
  readonly departure: number;
  /** Minutes; below 0 is early. */
  readonly delay: number;
  /** Miles. */
  readonly distance: number;
}

/** The pipeline of the flights; `leftOut` counts why some are not loaded. */
export function flights(
  database: DatabaseSync,
  options: ReadOptions,
  leftOut: Tally,
): Etl<unknown, Flight> {
  const insert = database.prepare(
    "INSERT INTO flight (departure, delay, distance) VALUES (?, ?, ?)",
  );
  return etl({
    name: "flights",
    extract: async () => chunks(await readRecords(dataFile("flights-200k.json"), options)),
    transform: (record) => {
      const flight = flightOf(record);
      if (typeof flight === "object") return flight;
      leftOut.add(flight);
      return skip;
    },
    load: (batch) =>
      inTransaction(database, () => {
        for (const { departure, delay, distance } of batch) insert.run(departure, delay, distance);
      }),
  });
}

/**
 * A flight, or why it is none. Rows that are alike are kept: without a number or an airport, two
 * flights of one minute, one delay and one distance are no sign of a row that is there twice.
 */
function flightOf(record: unknown): Flight | string {
  if (typeof record !== "object" || record === null) return "no record";
  const { time, delay, distance } = record as Record<string, unknown>;
  if (typeof time !== "number" || !(time >= 0 && time < 24)) return "no time of the day";
  if (!isWhole(delay)) return "no delay in minutes";
  if (!isWhole(distance) || distance <= 0) return "no distance in miles";
  // Minutes are given as fractions of an hour: 23.983333333333334 is 23:59.
  return { departure: Math.round(time * 60) % 1440, delay, distance };
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
