import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { workerdDates } from "../../scripts/runtimes.mjs";

/** What the programs of the pages leave out: imports, and a source. Steps are of one batch of two. */
const around = `
import { DurableObject, WorkflowEntrypoint } from "cloudflare:workers";
import { chunks, etl } from "millrace";
import {
  consumeQueue, d1Sink, durableObjectSink, runStep as runLongStep, type D1Binding, type QueueBatch,
} from "millrace/cloudflare";
import { readNdjson } from "millrace/ndjson";

const runStep = (users, options) => {
  return runLongStep(users, { ...options, batchSize: 2, budget: { batches: 1 } });
};
const position = ({ id }) => id;
const source = [1, 2, 3, 4, 5].map((id) => ({ id, name: "Name " + id }));
const extract = ({ checkpoint }) => {
  return chunks(source.slice(Number(checkpoint?.position ?? 0)).map((row) => [row]));
};
`;

/** The first program of a page that has a text, with all that it leaves out. */
async function workerOf(page: string, text: string, more = ""): Promise<string> {
  const blocks = readFileSync(`docs/${page}.md`, "utf8").matchAll(/^```ts.*\n([^]*?)^```$/gm);
  const found = [...blocks].map(([, block = ""]) => block).find((block) => block.includes(text));
  const program = found!.replaceAll(/^import [^;]*;$/gm, "").replace(/^equal\(.*$/m, "");
  const { outputFiles } = await build({
    stdin: { contents: around + program + more, resolveDir: ".", loader: "ts" },
    ...{ bundle: true, format: "esm", target: "es2022", platform: "neutral", write: false },
    external: ["cloudflare:*"],
    alias: {
      "millrace/cloudflare": "./src/adapters/cloudflare.ts",
      "millrace/ndjson": "./src/adapters/ndjson.ts",
      "millrace": "./src/index.ts",
    },
  });
  return outputFiles[0]!.text;
}

/** Tells the rows of an object, and begins its alarms. */
const askedObject = `
Import.prototype.fetch = async function () {
  const { storage } = this.ctx;
  storage.sql.exec("create table if not exists users (id integer, name text)");
  const rows = () => storage.sql.exec("select id from users").toArray();
  if (rows().length === 0) await storage.setAlarm(Date.now());
  return Response.json(rows());
};
export default {
  fetch: (_, { IMPORT }) => IMPORT.get(IMPORT.idFromName("one")).fetch("http://one/"),
};`;
const askedWorkflow = `
export default { fetch: async (_, { IMPORT }) => Response.json((await IMPORT.create()).id) };`;

const object = { durableObjects: { IMPORT: { className: "Import", useSQLite: true } } };
const workflow = { workflows: { IMPORT: { name: "import", className: "Import" } } };

/** Each program: its page, a text in it, what is added to it, and a binding that it alone has. */
const programs = {
  request: ["cloudflare", "async fetch(", "export default worker;", {}],
  queue: ["cloudflare", "async queue(", "export default worker;", {}],
  alarm: ["cloudflare", "run({ checkpoints })", askedObject, object],
  alarms: ["continuing", "deleteAlarm", askedObject, object],
  cron: ["continuing", "scheduled(", "", {}],
  messages: ["continuing", "STEPS.send", "", {}],
  workflow: ["continuing", "WorkflowEntrypoint", askedWorkflow, workflow],
} as const;
type Name = keyof typeof programs;

describe("the programs of the docs in workerd", () => {
  const date = workerdDates[1]!;
  let worker: Miniflare;
  beforeAll(async () => {
    const workers = Object.entries(programs).map(async ([name, [page, text, more, own]]) => ({
      name,
      modules: [{
        type: "ESModule" as const,
        path: "worker.mjs",
        contents: await workerOf(page, text, more),
      }],
      compatibilityDate: date,
      d1Databases: { DB: name },
      queueProducers: { STEPS: name },
      queueConsumers: { [name]: { maxBatchTimeout: 0 } },
      ...own,
    }));
    worker = new Miniflare(convertV4MiniflareOptions({ workers: await Promise.all(workers) }));
    for (const name of Object.keys(programs)) {
      const db = await worker.getD1Database("DB", name);
      await db.exec("create table users (id integer primary key, name text)");
      await db.exec("create table orders (id integer, cents integer)");
    }
  }, 180_000);
  afterAll(() => worker?.dispose());

  async function ask(name: Name, init?: { method: string; body: string }): Promise<unknown> {
    const asked = await worker.getWorker(name) as never as {
      fetch(url: string, init?: RequestInit): Promise<Response>;
    };
    const response = await asked.fetch("http://localhost/", init);
    const text = await response.text();
    expect(response.status, text).toBe(200);
    return JSON.parse(text);
  }

  async function rowsOf(name: Name, table = "users"): Promise<unknown[]> {
    const db = await worker.getD1Database("DB", name);
    return (await db.prepare(`select id from ${table} order by id`).all()).results;
  }

  /** Asks until there are so many rows: nobody tells when a program in the background is done. */
  async function until(count: number, rows: () => Promise<unknown>): Promise<unknown> {
    for (;;) {
      const found = await rows() as unknown[];
      if (found.length >= count) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  const five = [1, 2, 3, 4, 5].map((id) => ({ id }));

  it("a Worker loads a request into D1", async () => {
    const body = '{"id":1,"name":"Ada"}\n{"id":2,"name":"Grace"}\n';
    const report = await ask("request", { method: "POST", body });
    expect(report).toMatchObject({ outcome: "completed", loaded: 2 });
    expect(await rowsOf("request")).toEqual(five.slice(0, 2));
  });

  it("a queue is consumed", async () => {
    const queue = await worker.getQueueProducer("STEPS", "queue");
    await queue.sendBatch([1, 2, 3].map((id) => ({ body: { id, cents: 100 } })));
    expect(await until(3, () => rowsOf("queue", "orders"))).toEqual(five.slice(0, 3));
  });

  it.each(["alarm", "alarms"] as const)("an object loads by %s", async (name) => {
    expect(await until(5, () => ask(name))).toEqual(five);
  });

  it("each tick of a cron trigger is a step", async () => {
    const ticking = await worker.getWorker("cron") as never as { scheduled(): Promise<unknown> };
    const counts: number[] = [];
    for (let tick = 0; tick < 4; tick++) {
      await ticking.scheduled();
      counts.push((await rowsOf("cron")).length);
    }
    expect(counts).toEqual([2, 4, 5, 5]);
  });

  it("a message of a queue sends the next one", async () => {
    await (await worker.getQueueProducer("STEPS", "messages")).send({});
    expect(await until(5, () => rowsOf("messages"))).toEqual(five);
  });

  it("a Workflow goes from step to step", async () => {
    await ask("workflow");
    expect(await until(5, () => rowsOf("workflow"))).toEqual(five);
  });
});
