// Counts cities by hemisphere: their lines of JSON come in as the body of a request, of any length,
// and the report goes out. Lines that are no city are counted and left out.
//
// Run: npx wrangler dev --config examples/workers/wrangler.jsonc
// Then: curl --data-binary @examples/data/cities.ndjson http://localhost:8787
// Last line: {"hemispheres":{"north":22,"south":8},"badLines":0,"report":{"name":"cities",…}}
import { etl, EtlError, PipelineError, skip } from "millrace";
import { lines } from "millrace/ndjson";

const LONGEST_LINE = 100_000; // Bytes: no sender makes the Worker hold more for one line.

export default {
  async fetch(request: Request, _?: unknown, context?: { waitUntil(work: unknown): void }) {
    const { method, body, signal } = request;
    if (method !== "POST") return answer(405, { error: "Send lines of JSON by POST" });
    if (body === null) return answer(400, { error: "The request has no body" });
    const hemispheres = { north: 0, south: 0 }; // Of this request: others run in the same module.
    let badLines = 0;
    const cities = etl({
      name: "cities",
      extract: () => lines(body, { maxRecordBytes: LONGEST_LINE }),
      transform: (line) => {
        if (line === "") return skip;
        const latitude = latitudeOf(line);
        if (latitude !== undefined) return latitude;
        badLines++;
        return skip;
      },
      load: (latitudes) => { // Or `await` what keeps them, such as `batch` of D1.
        for (const latitude of latitudes) hemispheres[latitude < 0 ? "south" : "north"]++;
      },
    });
    const run = cities.start({ batchSize: 100, workers: 2, signal });
    // The request of a client that hangs up is over at once: without this, the run would be as well.
    context?.waitUntil(run.finished.catch(() => {}));
    try {
      const report = await run.finished;
      return answer(200, { hemispheres, badLines, report });
    } catch (error) {
      if (!(error instanceof EtlError)) throw error;
      const { message, report } = error;
      // Who hangs up drains the run, or fails its source first (workerd, Deno): what came in is loaded.
      const isBad = error instanceof PipelineError && error.stage === "extract";
      const status = signal.aborted ? 499 : isBad ? 400 : 500;
      return answer(status, { error: message, hemispheres, badLines, report });
    }
  },
};

function latitudeOf(line: string) {
  try {
    const { latitude } = JSON.parse(line);
    return typeof latitude === "number" ? latitude : undefined;
  } catch {
    return undefined; // The caller counts it.
  }
}

function answer(status: number, body: object) {
  const headers = new Headers(status === 405 ? { allow: "POST" } : {});
  return Response.json(body, { status, headers });
}
