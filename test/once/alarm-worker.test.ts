import { afterEach, describe, expect, it } from "vitest";
import { workerdDates } from "../../scripts/runtimes.mjs";
import { WorkerdProcess } from "../support/runtimes/workerd-process.ts";

/** An import that goes on by alarm, and whose object is evicted right after commits now and then. */
const worker = `
import { chunks, etl } from "./src/index.ts";
import { durableObjectSink, runStep } from "./src/adapters/cloudflare.ts";

const rows = 20_000;
const size = 500;

export class Import {
  constructor(state) {
    this.state = state;
    this.sql = state.storage.sql;
    this.sql.exec("create table if not exists numbers (n integer)"); // Without a key.
    this.sql.exec("create table if not exists steps (done integer)");
  }

  async fetch(request) {
    if (new URL(request.url).pathname === "/begin") await this.state.storage.setAlarm(Date.now());
    const counts = "select count(*) as all_rows, count(distinct n) as numbers from numbers";
    const [{ all_rows, numbers }] = this.sql.exec(counts).toArray();
    const steps = this.sql.exec("select done from steps").toArray().map(({ done }) => done);
    return Response.json({ all_rows, numbers, steps });
  }

  async alarm() {
    await this.state.storage.setAlarm(Date.now()); // Whatever becomes of this step, there is a next.
    const sink = durableObjectSink(this.state.storage, { table: "numbers" });
    const number = this.sql.exec("select count(*) as n from steps").toArray()[0].n;
    let loads = 0;
    const load = Object.assign(async (batch, context) => {
      await sink.load(batch, context); // It is committed.
      if (number % 4 !== 2 || ++loads < 3) return;
      this.sql.exec("insert into steps values (-1)");
      setTimeout(() => this.state.abort("evicted"), 0);
      await new Promise(() => {});
    }, sink.load);
    const numbers = etl({
      name: "numbers",
      extract: ({ checkpoint }) => chunks((function* () {
        for (let n = checkpoint?.position ?? 0; n < rows; n += size) {
          yield Array.from({ length: size }, (_, i) => ({ n: n + i }));
        }
      })()),
      load,
    }, { checkpoints: sink.checkpoints, position: ({ n }) => n + 1, resume: "source", lease: 20 });
    const { isDone } = await runStep(numbers, { batchSize: size, budget: { batches: 5 } });
    this.sql.exec("insert into steps values (?)", Number(isDone));
    if (isDone) await this.state.storage.deleteAlarm();
  }
}

export default {
  fetch: (request, env) => env.OBJECT.get(env.OBJECT.idFromName("one")).fetch(request),
};`;

let opened: WorkerdProcess | undefined;
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

describe("a Durable Object that goes on by alarm", () => {
  it.each(workerdDates)("loads each row once, whenever it is evicted: %s", async (date) => {
    opened = new WorkerdProcess();
    await opened.open(worker, date, "Import");
    const { url } = opened;
    await fetch(`${url}begin`);
    let found = { all_rows: 0, numbers: 0, steps: [] as number[] };
    while (found.steps.at(-1) !== 1) {
      const response = await fetch(url);
      if (response.ok) found = await response.json() as typeof found; // Else it is being evicted.
    }
    expect(found).toMatchObject({ all_rows: 20_000, numbers: 20_000 });
    expect(found.steps.filter((done) => done === -1).length).toBeGreaterThan(0);
    expect(found.steps.length).toBeLessThanOrEqual(20);
  }, 180_000);
});
