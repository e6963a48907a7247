/**
 * Loads 200,000 flights and 3,201 films, with the faults they really have, into one SQLite database.
 *
 *     npm run demo -- [database] [--fresh] [--slow 100] [--progress-interval 100]
 *
 * However it is stopped, also by `kill -9`, the next one goes on from there, and in the end every row
 * is there once. When everything was loaded, the next one begins with a new database; `--fresh`
 * always does that, and `--no-fresh` never. `--slow` rests so many milliseconds after each piece of
 * a file: time to watch, and to press Ctrl-C.
 */
import { writeFileSync } from "node:fs";
import process from "node:process";
import { type ProgressBars, showProgress } from "../src/adapters/progress.ts";
import { renderReport } from "../src/adapters/report.ts";
import { EtlManager, ManagerError, type ManagerReport } from "../src/index.ts";
import { readArguments } from "./arguments.ts";
import { openDatabase, setComplete } from "./database.ts";
import { openDeadLetters } from "./dead-letters.ts";
import { films, filmSink } from "./films.ts";
import { flights, flightSink } from "./flights.ts";
import { progressBars } from "./progress-bars.ts";
import { answers } from "./questions.ts";
import { remainderOf, sentenceOn } from "./remainder.ts";
import { reportTable } from "./report-table.ts";
import { deadLetterSummary, repairSummary, rowSummary } from "./summary.ts";
import { Tally } from "./tally.ts";

const { path, isFresh, progressInterval, slow } = readArguments(process.argv.slice(2));
const database = openDatabase(path, isFresh);
const besidePath = path.replace(/\.db$/, "");
const letterPath = `${besidePath}-dead-letters.ndjson`;
const pagePath = `${besidePath}-report.html`;
const sinks = { flights: flightSink(database), films: filmSink(database) };
const deadLetters = await openDeadLetters(database, sinks.films.deadLetters(), letterPath);

const bars = progressBars();
const stop = stopOnInterrupt(bars);
const repaired = new Tally();
const pipelines = [
  flights(sinks.flights, { slow, signal: stop }),
  films(sinks.films, { slow, signal: stop }, { database, repaired }),
];
const remainders = await Promise.all(pipelines.map(remainderOf));
for (const sentence of remainders.flatMap(sentenceOn)) console.log(sentence);

const manager = new EtlManager({
  workers: 2, // Both at once.
  batchSize: 1000,
  deadLetters,
  maxDeadLetters: 100, // So many are no faults of the data, but of this program.
  trace: true,
});
for (const pipeline of pipelines) manager.add(pipeline);
const { runs, finished } = manager.start({ signal: stop });
await showProgress(runs, bars, {
  total: (name) => remainders.find((remainder) => remainder.name === name)?.left,
  interval: progressInterval,
});
const report = await reportOf(finished);
await deadLetters.close();
writeFileSync(pagePath, renderReport(report, { title: "Flights and films" }));

console.log(`\n${reportTable(report.reports)}\n`);
console.log(deadLetterSummary(database, letterPath));
console.log(repairSummary(repaired));
console.log(`\n${rowSummary(database, path)} How this run went is in ${pagePath}.\n`);
if (report.outcome === "completed") {
  setComplete(database);
  for (const answer of answers(database)) console.log(answer);
} else console.log("Not all is loaded, so no questions are asked. The next run goes on from here.");
database.close();

/** The first Ctrl-C drains. A second one leaves at once: the next run goes on from what is there. */
function stopOnInterrupt(bars: ProgressBars | undefined): AbortSignal {
  const stop = new AbortController();
  process.on("SIGINT", () => {
    if (stop.signal.aborted) {
      bars?.stop(); // They have changed settings of the terminal.
      process.exit(130);
    }
    // Bars show it themselves, and would be torn by a line between them.
    if (bars === undefined) console.log("Stopping: Ctrl-C again leaves at once.");
    stop.abort(new DOMException("Ctrl-C was pressed", "AbortError"));
  });
  return stop.signal;
}

/** What was done, also where that is not all. */
async function reportOf(finished: Promise<ManagerReport>): Promise<ManagerReport> {
  try {
    return await finished;
  } catch (error) {
    if (!(error instanceof ManagerError)) throw error;
    process.exitCode = stop.aborted ? 130 : 1;
    console.log(`\n${error.message}`);
    return { reports: error.reports, outcome: stop.aborted ? "drained" : "failed" };
  }
}
