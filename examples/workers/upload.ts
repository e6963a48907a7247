import { etl, EtlError } from "millrace";
import { readCsv } from "millrace/csv";
import { readNdjson } from "millrace/ndjson";
import { citiesSink, type City } from "./cities.ts";
import { clientOf } from "./client.ts";
import type { Env } from "./env.ts";

const limits = { malformed: "item", maxRecordBytes: 100_000 } as const; // No client can fill the memory.
const csv = { ...limits, columns: { city: "string", latitude: "number" } } as const;

/** Loads the body of a request, CSV or NDJSON of any length, and responds once all of it is in D1. */
export async function upload(
  request: Request,
  env: Env,
  context: { waitUntil(work: unknown): void },
): Promise<Response> {
  const client = clientOf(request);
  const isCsv = request.headers.get("content-type")?.startsWith("text/csv");
  const sink = await citiesSink(env.DB);
  const cities = etl({
    name: "upload",
    extract: () => isCsv ? readCsv(client.body, csv) : readNdjson<City>(client.body, limits),
    load: sink.load,
  });
  const run = cities.start({
    batchSize: 500,
    signal: request.signal,
    deadLetters: sink.deadLetters(), // Bad lines and rows. The others are loaded.
  });
  // If the client disconnects, its request is over. This keeps the run alive until all is loaded.
  context.waitUntil(run.finished.catch(() => {}));
  try {
    const { outcome, loaded, deadLettered } = await run.finished;
    return Response.json({ outcome, loaded, bad: deadLettered });
  } catch (error) {
    if (!(error instanceof EtlError)) throw error;
    const { outcome = "failed", loaded = 0, deadLettered: bad = 0 } = error.report ?? {};
    const status = client.hasLeft() ? 499 : 500; // For the log: nobody reads the response.
    console.log({ status, outcome, loaded, bad, error: error.message });
    return Response.json({ outcome, loaded, bad, error: error.message }, { status });
  }
}
