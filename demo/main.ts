/**
 * Loads 200,000 flights and 3,201 films, with the faults they really have, into one SQLite database.
 *
 *     npm run demo -- [database] [--slow 100] [--progress-interval 100]
 *
 * `--slow` rests so many milliseconds after each piece of a file: time to watch, and to press Ctrl-C.
 */
import process from "node:process";
import { EtlManager, ManagerError, type ManagerReport } from "../src/index.ts";
import { readArguments } from "./arguments.ts";
import { countOf, createDatabase } from "./database.ts";
import { Display } from "./display.ts";
import { films } from "./films.ts";
import { flights } from "./flights.ts";
import { show } from "./numbers.ts";
import { answers } from "./questions.ts";
import { reportTable } from "./report-table.ts";
import { Tally } from "./tally.ts";

const display = new Display(process.stdout);
const { path, progressInterval, slow } = readArguments(process.argv.slice(2), display.isTerminal);
const manager = new EtlManager({
  workers: 2, // Both at once.
  batchSize: 1000,
  onProgress: display.update,
  progressInterval,
});
const database = createDatabase(path);
const stop = stopOnInterrupt();

const reading = { slow, signal: stop };
const leftOut = { flights: new Tally(), films: new Tally() };
const repaired = new Tally();
manager
  .add(flights(database, reading, leftOut.flights))
  .add(films(database, reading, { leftOut: leftOut.films, repaired }));

let reports: ManagerReport["reports"];
try {
  ({ reports } = await manager.runAll({ signal: stop }));
} catch (error) {
  if (!(error instanceof ManagerError)) throw error;
  ({ reports } = error);
  process.exitCode = stop.aborted ? 130 : 1;
  display.print(`\n${error.message}`);
}
process.removeAllListeners("SIGINT");

display.print(`\n${reportTable(reports)}\n`);
display.print(sentenceOf("Flights left out", leftOut.flights));
display.print(sentenceOf("Films left out", leftOut.films));
display.print(sentenceOf("Put right in films", repaired));
const [flightCount, filmCount] = ["flight", "film"].map((table) =>
  show(countOf(database, `SELECT count(*) FROM ${table}`))
);
display.print(`\nIn ${path} there are now ${flightCount} flights and ${filmCount} films.\n`);
if (process.exitCode === undefined) {
  for (const answer of answers(database)) display.print(answer);
} else display.print("Not all is loaded, so no questions are asked.");
database.close();

/** The first Ctrl-C drains. A second one leaves at once: a batch is in the database whole or not at all. */
function stopOnInterrupt(): AbortSignal {
  const stop = new AbortController();
  process.on("SIGINT", () => {
    if (stop.signal.aborted) process.exit(130);
    display.print("Stopping: what was read is still loaded. Ctrl-C again leaves at once.");
    stop.abort(new DOMException("Ctrl-C was pressed", "AbortError"));
  });
  return stop.signal;
}

function sentenceOf(words: string, tally: Tally): string {
  const reasons = tally.entries.map(([reason, count]) =>
    `\n  ${show(count).padStart(5)}  ${reason}`
  );
  return `${words}: ${show(tally.total)}${reasons.join("")}`;
}
