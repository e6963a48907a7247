import type { DatabaseSync } from "node:sqlite";
import { type SqliteSink, sqliteSink } from "../src/adapters/sqlite.ts";
import { type Etl, etl } from "../src/index.ts";
import { dataFile, readRecords } from "./records.ts";
import { Rejection } from "./rejection.ts";
import type { ReadOptions } from "./slowed.ts";

/** A flight as it is stored: named like the columns. */
interface Flight {
  /** Minute of the day. */
  readonly departure: number;
  /** Minutes; below 0 is early. */
  readonly delay: number;
  /** Miles. */
  readonly distance: number;
}

/** The table of the flights. */
export function flightSink(database: DatabaseSync): SqliteSink {
  return sqliteSink(database, { table: "flight", columns: ["departure", "delay", "distance"] });
}

/** The pipeline of the flights. */
export function flights(
  { load, checkpoints }: SqliteSink,
  options: ReadOptions,
): Etl<unknown, Flight> {
  return etl({
    name: "flights",
    extract: () => readRecords(dataFile("flights-200k.json"), options),
    transform: flightOf,
    load,
  }, { checkpoints, guarantee: "effectively-once", total: 200_000 });
}

/**
 * Makes a flight of a record. Rows that are alike are kept: without a number or an airport, two
 * flights of one minute, one delay and one distance are no sign of a row that is there twice.
 * @throws {Rejection} If the record is no flight.
 */
function flightOf(record: unknown): Flight {
  if (typeof record !== "object" || record === null) throw new Rejection("no record");
  const { time, delay, distance } = record as Record<string, unknown>;
  const isTime = typeof time === "number" && time >= 0 && time < 24;
  if (!isTime) throw new Rejection("no time of the day");
  if (!isWhole(delay)) throw new Rejection("no delay in minutes");
  if (!isWhole(distance) || distance <= 0) throw new Rejection("no distance in miles");
  // Minutes are given as fractions of an hour: 23.983333333333334 is 23:59.
  return { departure: Math.round(time * 60) % 1440, delay, distance };
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
