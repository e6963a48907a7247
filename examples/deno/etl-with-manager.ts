// Runs five pipelines, up to four at once. One of them reads a file. Ctrl-C drains them: they stop
// extracting and load what they have extracted. Then the process exits with code 130.
//
// Run: deno run -A examples/deno/etl-with-manager.ts
// Last line: Loaded: numbers 10, words 4, cities 22, doubles 20, chores 5.
import { setTimeout as sleep } from "node:timers/promises";
import { etl, EtlManager, ManagerError, skip } from "millrace";
import { lines } from "millrace/ndjson";

const numbers = etl({
  name: "numbers",
  async *extract({ signal }) {
    for (let n = 1; n <= 10; n++) {
      await sleep(10, undefined, { signal });
      yield n;
    }
  },
  transform: (n) => `number ${n}`,
  load: (batch) => console.log(`numbers: ${batch.join(", ")}`),
});

const words = etl({
  name: "words",
  extract: () => ["extract", "batch", "transform", "load"],
  transform: async (word, { signal }) => {
    await sleep(15, undefined, { signal });
    return word.toUpperCase();
  },
  load: (batch) => console.log(`words: ${batch.join(", ")}`),
});

const data = new URL("../data/cities.ndjson", import.meta.url);
const cities = etl({
  name: "cities",
  extract: async () => lines((await Deno.open(data)).readable),
  transform: (line) => {
    const { city, latitude } = JSON.parse(line);
    return latitude < 0 ? skip : `${city} ${latitude}°`; // Only cities north of the equator.
  },
  load: (batch) => console.log(`cities: ${batch.join(", ")}`),
});

const doubles = etl({
  name: "doubles",
  extract: () => Array.from({ length: 20 }, (_, index) => index + 1),
  transform: (n) => n * 2,
  load: (batch) => console.log(`doubles: ${batch.join(", ")}`),
});

// Steps without data are a pipeline too. Its own options take precedence over the manager's.
const chores = etl({
  name: "chores",
  extract: () => ["connect", "migrate", "vacuum", "analyze", "disconnect"],
  load: ([chore], { signal }) => sleep(50, `chores: ${chore}`, { signal }).then(console.log),
}, { batchSize: 1 });

const stop = new AbortController();
const interrupt = () => stop.abort(new Error("Ctrl-C"));
Deno.addSignalListener("SIGINT", interrupt);
const manager = new EtlManager({ workers: 4, batchSize: 3, timeout: 100 })
  .add(numbers).add(words).add(cities).add(doubles).add(chores);
const { reports } = await manager.runAll({ signal: stop.signal }).catch((error) => {
  if (!(error instanceof ManagerError)) throw error;
  console.error(error.message);
  Deno.exitCode = stop.signal.aborted ? 130 : 1;
  return error;
});
Deno.removeSignalListener("SIGINT", interrupt); // Otherwise the process would not exit.
const counts = reports.map((report) => `${report.name} ${"loaded" in report ? report.loaded : 0}`);
console.log(`Loaded: ${counts.join(", ")}.`);
