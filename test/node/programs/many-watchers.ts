// Progress that is watched and left again: prints by how many bytes the heap has grown by 20,000
// watchers of a run, of a manager that runs or waits, or of a run that has ended.
import { etl, EtlManager } from "../../../src/index.ts";

const { gc } = globalThis as unknown as { gc(): void };
const idle = etl({ name: "idle", extract: () => new ReadableStream<number>(), load: () => {} });
const [, , what] = process.argv;
const manager = new EtlManager().add(idle);
const run = what === "manager" ? manager.start() : idle.start();
if (what === "ended") await (run as ReturnType<typeof idle.start>).drain();
const watched = what === "waiting" ? manager : run;

async function heapAfter(watchers: number): Promise<number> {
  for (let watcher = 0; watcher < watchers; watcher++) {
    const reader = watched.progress({ interval: 60_000 }).getReader();
    const read = watcher % 2 === 0 ? reader.read() : undefined;
    if (watcher % 10 === 0) await null;
    await reader.cancel();
    await read;
  }
  await new Promise((resolve) => setTimeout(resolve, 10)); // Lets what is finished be let go.
  gc();
  return process.memoryUsage().heapUsed;
}

const before = await heapAfter(1000);
const afterwards = await heapAfter(20_000);
console.log(afterwards - before);
process.exit();
