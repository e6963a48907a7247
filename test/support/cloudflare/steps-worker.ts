import { type D1Binding, d1Sink, runStep } from "../../../src/adapters/cloudflare.ts";
import { readNdjson } from "../../../src/adapters/ndjson.ts";
import { type R2Bucket, readObject } from "../../../src/adapters/object.ts";
import { etl } from "../../../src/index.ts";

interface Env {
  readonly DB: D1Binding;
  readonly BUCKET: R2Bucket;
}

interface Row {
  readonly id: number;
  readonly name: string;
}

/** What a step did, with its times in milliseconds. */
export interface StepTimes {
  readonly isDone: boolean;
  readonly loaded: number;
  readonly ms: number;
  /** Until the first row came that no step before had loaded: what was skipped, or looked for. */
  readonly skippedMs: number;
}

/** Puts an object of so many lines. */
async function fill({ DB, BUCKET }: Env, rows: number): Promise<Response> {
  const lines: string[] = [];
  for (let id = 0; id < rows; id++) lines.push(`{"id":${id},"name":"name ${id}"}\n`);
  await BUCKET.put("rows.ndjson", new TextEncoder().encode(lines.join("")));
  await DB.batch([DB.prepare("create table t (id integer, name text)")]);
  return new Response();
}

/** One step of the import of the object into D1. */
async function step(
  { DB, BUCKET }: Env,
  duration: number,
  resume: "skip" | "source",
): Promise<Response> {
  const began = Date.now();
  let skippedMs: number | undefined;
  const { load, checkpoints } = d1Sink(DB, { table: "t" });
  const rows = etl({
    name: "rows",
    extract: ({ checkpoint }) => {
      const from = checkpoint?.position as { byte: number; line: number } | undefined;
      const input = readObject(BUCKET, "rows.ndjson", resume === "source" ? { from } : {});
      return readNdjson<Row>(input, { positions: true });
    },
    transform: ({ value }) => {
      skippedMs ??= Date.now() - began;
      return value;
    },
    load,
  }, {
    position: ({ end, line }: { end: number; line: number }) => ({ byte: end, line: line + 1 }),
    ...{ resume, checkpoints, batchSize: 500 },
  });
  const { isDone, report } = await runStep(rows, { budget: { duration } });
  const ms = Date.now() - began;
  const times: StepTimes = { isDone, loaded: report.loaded, ms, skippedMs: skippedMs ?? ms };
  return Response.json(times);
}

export default {
  fetch(request: Request, env: Env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/fill") return fill(env, Number(searchParams.get("rows")));
    const resume = searchParams.get("resume") as "skip" | "source";
    if (pathname === "/step") return step(env, Number(searchParams.get("duration")), resume);
    const counts = "select count(*) as n, count(distinct id) as ids from t";
    return env.DB.batch([env.DB.prepare(counts)]).then(([counted]) =>
      Response.json(counted!.results![0])
    );
  },
};
