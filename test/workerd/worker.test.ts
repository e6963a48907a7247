import { describe, expect, it } from "vitest";
import worker from "../../examples/workers/index.ts";

const encoder = new TextEncoder();
const north = '{"city":"Reykjavík","latitude":64.1}';
const south = '{"city":"Brasília","latitude":-15.8}';

/** A request whose body comes in chunks, and does not end if `isOpen`. */
function post(chunks: readonly (string | Uint8Array)[], isOpen = false) {
  const stop = new AbortController();
  const cancelled: unknown[] = [];
  const queue = chunks.map((chunk) => typeof chunk === "string" ? encoder.encode(chunk) : chunk);
  const { promise: drained, resolve } = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = queue.shift();
      if (chunk !== undefined) return controller.enqueue(chunk);
      resolve();
      if (!isOpen) return controller.close();
      return new Promise(() => {}); // The next chunk never comes.
    },
    cancel: (reason) => void cancelled.push(reason),
  }, { highWaterMark: 0 });
  const init = { method: "POST", body, duplex: "half", signal: stop.signal };
  return { request: new Request("http://localhost/", init), stop, cancelled, drained };
}

async function send(...chunks: readonly (string | Uint8Array)[]) {
  const response = await worker.fetch(post(chunks).request);
  return { status: response.status, answer: await response.json() };
}

describe("the example of a Worker", () => {
  it("loads lines however they are split into chunks", async () => {
    const bytes = encoder.encode(`${north}\r\n${south}\n\n${north}`);
    const chunks = Array.from(bytes, (byte) => new Uint8Array([byte])); // Cuts "í" and "\r\n" too.
    expect(await send(...chunks)).toMatchObject({
      status: 200,
      answer: {
        hemispheres: { north: 2, south: 1 },
        badLines: 0,
        report: { name: "cities", outcome: "completed", loaded: 3, pending: 0 },
      },
    });
  });

  it("counts the lines that are no city", async () => {
    const bad = ["{", "null", "7", '{"latitude":"north"}', "[]"];
    const { status, answer } = await send([north, ...bad, south].join("\n"));
    expect(status).toBe(200);
    expect(answer).toMatchObject({ hemispheres: { north: 1, south: 1 }, badLines: 5 });
    expect(answer).toMatchObject({ report: { extracted: 7, loaded: 2, skipped: 5 } });
  });

  it("loads what came before invalid UTF-8, and answers 400", async () => {
    const { status, answer } = await send(`${north}\n`, new Uint8Array([0xff, 0x0a]));
    expect(status).toBe(400);
    expect(answer).toMatchObject({
      error: expect.stringContaining('Pipeline "cities" failed in extract: '),
      hemispheres: { north: 1, south: 0 },
      report: { outcome: "failed", loaded: 1, pending: 0 },
    });
  });

  it("rejects a line that does not end, and cancels the body", async () => {
    const { request, cancelled } = post(["x".repeat(60_000), "x".repeat(60_000)], true);
    const response = await worker.fetch(request);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: expect.stringContaining(
        'Pipeline "cities" failed in extract: Cannot read line: it is longer than 100000 bytes, ',
      ),
    });
    expect(cancelled).toHaveLength(1);
  });

  it("rejects other methods than POST, and a POST without a body", async () => {
    const get = await worker.fetch(new Request("http://localhost/"));
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
    expect(await get.json()).toEqual({ error: "Send lines of JSON by POST" });
    const empty = await worker.fetch(new Request("http://localhost/", { method: "POST" }));
    expect(empty.status).toBe(400);
    expect(await empty.json()).toEqual({ error: "The request has no body" });
  });

  it("drains when the client hangs up while the next chunk is awaited", async () => {
    const lines = Array.from({ length: 20 }, () => `${north}\n`);
    const { request, stop, cancelled, drained } = post(lines, true);
    const response = worker.fetch(request);
    await drained;
    stop.abort(new Error("hung up"));
    expect((await response).status).toBe(499);
    const { error, hemispheres, report } = await (await response).json();
    expect(error).toBe('Pipeline "cities" was cancelled: hung up');
    expect(report).toMatchObject({ outcome: "drained", pending: 0, loaded: hemispheres.north });
    // The transforms on the way may still hold a few chunks, which are dropped with the body.
    expect(report.loaded).toBeGreaterThan(10);
    expect(cancelled).toHaveLength(1);
  });

  it("loads and awaits the body of a client that fails before its signal aborts", async () => {
    const stop = new AbortController();
    let pulls = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (pulls++ < 3) return controller.enqueue(encoder.encode(`${north}\n`));
        stop.abort(new Error("hung up"));
        controller.error(new TypeError("Network connection lost."));
      },
    }, { highWaterMark: 0 });
    const init = { method: "POST", body, duplex: "half", signal: stop.signal };
    const waited: unknown[] = [];
    const context = { waitUntil: (work: unknown) => void waited.push(work) };
    const response = await worker.fetch(new Request("http://localhost/", init), {}, context);
    expect(response.status).toBe(499);
    const { hemispheres, report } = await response.json();
    expect(report).toMatchObject({ pending: 0, loaded: hemispheres.north });
    expect(waited).toHaveLength(1);
    await waited[0]; // It never rejects.
  });

  it("calls nothing for a client that had hung up before", async () => {
    const { request, stop } = post([north]);
    stop.abort(new Error("hung up"));
    const response = await worker.fetch(request);
    expect(response.status).toBe(499);
    expect(await response.json()).toMatchObject({ report: { outcome: "aborted", extracted: 0 } });
  });

  it("keeps concurrent requests apart", async () => {
    const idle = post([`${south}\n`], true);
    const cancelled = worker.fetch(idle.request);
    await idle.drained;
    const [first, second] = await Promise.all([
      send(`${north}\n`, "bad\n", north),
      send(`${south}\n`, south),
    ]);
    expect(first.answer).toMatchObject({ hemispheres: { north: 2, south: 0 }, badLines: 1 });
    expect(second.answer).toMatchObject({ hemispheres: { north: 0, south: 2 }, badLines: 0 });
    idle.stop.abort();
    expect((await cancelled).status).toBe(499);
  });
});
