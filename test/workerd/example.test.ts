import {
  abortAllDurableObjects,
  createExecutionContext,
  createMessageBatch,
  env,
  getQueueResult,
  runInDurableObject,
  // @ts-expect-error: the types of a Worker are those of no other test.
} from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { type Env, importOf } from "../../examples/workers/env.ts";
import type { Import } from "../../examples/workers/import.ts";
import worker from "../../examples/workers/index.ts";

const encoder = new TextEncoder();
const sent: unknown[] = [];
const exampleEnv: Env = {
  ...env,
  QUEUE: { sendBatch: async (messages) => void sent.push(...messages.map(({ body }) => body)) },
};

async function all<Row>(sql: string): Promise<Row[]> {
  return (await exampleEnv.DB.batch([exampleEnv.DB.prepare(sql)]))[0]!.results as Row[];
}

/** What a request is answered, and what was to outlive it. */
async function fetch(path: string, init?: RequestInit) {
  const waited: unknown[] = [];
  const context = { waitUntil: (work: unknown) => void waited.push(work) };
  const request = new Request(`http://localhost${path}`, init);
  const response = await worker.fetch(request, exampleEnv, context);
  await Promise.all(waited);
  return { status: response.status, text: await response.text(), response, waited };
}

/** A body that comes in chunks; with `hangUp` it then fails as bodies of clients that leave do. */
function bodyOf(chunks: readonly (string | Uint8Array)[], hangUp?: () => void) {
  const queue = chunks.map((chunk) => typeof chunk === "string" ? encoder.encode(chunk) : chunk);
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = queue.shift();
      if (chunk !== undefined) return controller.enqueue(chunk);
      if (hangUp === undefined) return controller.close();
      hangUp();
    },
  }, { highWaterMark: 0 });
}

async function upload(chunks: readonly (string | Uint8Array)[], type = "application/x-ndjson") {
  const headers = { "content-type": type };
  const init = { method: "POST", body: bodyOf(chunks), headers, duplex: "half" };
  const { status, text } = await fetch("/upload", init);
  return { status, answer: JSON.parse(text) };
}

const line = (city: string, latitude: unknown) => `${JSON.stringify({ city, latitude })}\n`;

beforeEach(async () => {
  for (const table of ["cities", "millrace_dead_letter", "millrace_delivery"]) {
    await all(`drop table if exists ${table}`);
  }
});

describe("an upload", () => {
  it("is in D1 however it is split into chunks, without the lines and rows that are bad", async () => {
    const text = `${line("Reykjavík", 64.1)}no city\n\n${line("North", 91)}${
      line("Brasília", -15.8)
    }`;
    const chunks = Array.from(encoder.encode(text), (byte) => new Uint8Array([byte]));
    expect(await upload(chunks)).toEqual({
      status: 200,
      answer: { outcome: "completed", loaded: 2, bad: 2 },
    });
    expect(await all("select * from cities order by city")).toEqual([
      { city: "Brasília", latitude: -15.8 },
      { city: "Reykjavík", latitude: 64.1 },
    ]);
    expect(await all("select count(*) as n from millrace_dead_letter")).toEqual([{ n: 2 }]);
  });

  it("may be CSV, and replaces cities that are there", async () => {
    await upload([line("Nairobi", 0)]);
    const csv = 'latitude;city;country\r\n-1.3;"Nairobi";Kenya\r\nnorth;Oslo;Norway\r\n';
    expect((await upload([csv], "text/csv; charset=utf-8")).answer).toMatchObject({
      loaded: 1,
      bad: 1,
    });
    expect(await all("select * from cities")).toEqual([{ city: "Nairobi", latitude: -1.3 }]);
  });

  it("cannot fill the memory by a line that does not end", async () => {
    const endless = [...Array(20).fill("x".repeat(60_000)), "\n", line("Oslo", 59.9)];
    expect((await upload(endless)).answer).toMatchObject({ loaded: 1, bad: 1 });
  });

  it.each([
    ["the signal aborts first", (stop: AbortController) => stop.abort(new Error("hung up"))],
    ["the body fails first", () => {
      throw new TypeError("Network connection lost.");
    }],
  ])("of a client that leaves is loaded as far as it came: %s", async (_, leave) => {
    const stop = new AbortController();
    const lines = Array.from({ length: 20 }, (_, n) => line(`City ${n}`, n));
    const body = bodyOf(lines, () => leave(stop));
    const init = { method: "POST", body, duplex: "half", signal: stop.signal };
    const { status, text, waited } = await fetch("/upload", init);
    const { loaded } = JSON.parse(text);
    expect([status, waited.length]).toEqual([499, 1]);
    expect(loaded).toBeGreaterThan(10); // What is on its way is dropped with the body.
    expect(await all("select count(*) as n from cities")).toEqual([{ n: loaded }]);
  });

  it("keeps requests apart", async () => {
    const found = await Promise.all(
      ["A", "B", "C"].map((name) => upload([line(name, 1), "bad\n"])),
    );
    for (const { answer } of found) expect(answer).toMatchObject({ loaded: 1, bad: 1 });
  });
});

describe("the queue", () => {
  it("gets a message for each line", async () => {
    const body = line("Oslo", 59.9) + line("Lima", -12);
    const { status, text } = await fetch("/queue", { method: "POST", body });
    expect([status, text]).toEqual([202, '{"sent":2}']);
    expect(sent).toEqual([{ city: "Oslo", latitude: 59.9 }, { city: "Lima", latitude: -12 }]);
  });

  it("loads good messages once, and keeps a poisoned one as a letter in the end", async () => {
    const deliver = async (attempts: number, ids: readonly number[]) => {
      const messages = ids.map((n) => ({
        ...{ id: `m${n}`, timestamp: new Date(), attempts },
        body: { city: `City ${n}`, latitude: n === 2 ? "pole" : n },
      }));
      const batch = createMessageBatch("cities", messages);
      await worker.queue(batch, exampleEnv);
      const { explicitAcks, retryMessages } = await getQueueResult(batch, createExecutionContext());
      return [explicitAcks, retryMessages];
    };
    expect(await deliver(1, [1, 2, 3])).toEqual([["m1", "m3"], [{ msgId: "m2" }]]);
    expect(await deliver(2, [2, 3])).toEqual([["m3"], [{ msgId: "m2" }]]);
    expect(await deliver(3, [2])).toEqual([["m2"], []]);
    expect(await all("select city from cities order by city"))
      .toEqual([{ city: "City 1" }, { city: "City 3" }]);
    expect(await all("select count(*) as n from millrace_dead_letter")).toEqual([{ n: 1 }]);
  });
});

describe("an import", () => {
  const rows = 4_000;
  const file = Array.from({ length: rows }, (_, n) => line(`City ${n}`, n % 90)).join("");

  /** The pages of an import until it is done, each once; the object is killed at the first ones. */
  async function follow(name: string, kills: number): Promise<string[]> {
    const pages: string[] = [];
    for (let n = 0; n < 4_000; n++) { // It tells nobody when it is done.
      const { text, response } = await fetch(`/imports/${name}`);
      if (pages.at(-1) !== text && pages.push(text) <= kills) await abortAllDurableObjects();
      if (response.headers.get("refresh") === null) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return pages;
  }

  it("has each row once, though its object is killed", async () => {
    expect((await fetch("/imports/cities.ndjson")).status).toBe(404);
    const begun = await fetch("/imports/cities.ndjson", { method: "PUT", body: file });
    expect(begun.status).toBe(202);
    const pages = await follow("cities.ndjson", 1);
    expect(pages.length).toBeGreaterThan(2);
    expect(/<title>.* %/.exec(pages.at(-1)!)?.[0]).toBe("<title>cities.ndjson: 100 %");
    const counts = "select count(*) as n, count(distinct city) as cities from cities";
    expect(await all(counts)).toEqual([{ n: rows, cities: rows }]);
  });

  it("begins again for a file that has replaced another one", async () => {
    for (const latitude of [1, 2]) {
      await fetch("/imports/one.ndjson", { method: "PUT", body: line("One", latitude) });
      expect(await follow("one.ndjson", 0)).not.toHaveLength(0);
    }
    expect(await all("select * from cities")).toEqual([{ city: "One", latitude: 2 }]);
  });

  it("begins again for a file that replaces another one amid a step", async () => {
    const put = async (latitude: number) => {
      const { etag, size } = (await exampleEnv.FILES.put(
        "two.ndjson",
        new Response(line("Two", latitude)).body!,
      ))!;
      return { file: "two.ndjson", etag, size };
    };
    const first = await put(1);
    const stub = importOf(exampleEnv, "two.ndjson");
    await runInDurableObject(stub as never, async (object: Import) => {
      const status = object.status.bind(object);
      let isFirst = true;
      object.status = async () => {
        const found = isFirst ? { ...first, bytes: 0, isDone: false } : await status();
        if (isFirst) await object.begin(await put(2));
        isFirst = false;
        return found;
      };
      await object.alarm(); // The step of the first file, which is no longer there.
      Reflect.deleteProperty(object, "status");
      expect((await object.status())?.etag).not.toBe(first.etag);
    });
    await follow("two.ndjson", 0);
    expect(await all("select latitude from cities")).toEqual([{ latitude: 2 }]);
  });
});

it("what is no request of the example is told so", async () => {
  expect((await fetch("/")).text).toContain("curl --data-binary @cities.ndjson");
  expect((await fetch("/upload")).status).toBe(404);
  expect((await fetch("/imports/", { method: "PUT", body: "x" })).status).toBe(400);
});
