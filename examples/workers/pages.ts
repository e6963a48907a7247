import { renderReport } from "millrace/report";
import type { ImportStatus } from "./import.ts";

const html = { "content-type": "text/html; charset=utf-8" };

/** The report of the last step of an import. The page reloads until the import is done. */
export function importPage(file: string, status: ImportStatus | undefined): Response {
  if (status === undefined) return new Response("No such import", { status: 404 });
  const { report, isDone, bytes, size } = status;
  const title = `${file}: ${isDone ? 100 : Math.floor((100 * bytes) / Math.max(size, 1))} %`;
  const refresh: Record<string, string> = isDone ? {} : { refresh: "1" };
  if (report === undefined) return new Response(title, { headers: refresh });
  return new Response(renderReport(report, { title }), { headers: { ...html, ...refresh } });
}

/** The start page: the things to try. */
export function usage(): Response {
  return new Response(`Send cities, such as {"city":"Nairobi","latitude":-1.3}, a line for each:

curl --data-binary @cities.ndjson localhost:8787/upload
curl --data-binary @cities.csv -H "content-type: text/csv" localhost:8787/upload
curl --data-binary @cities.ndjson localhost:8787/queue
curl --upload-file cities.ndjson localhost:8787/imports/

Then look at http://localhost:8787/imports/cities.ndjson
`);
}
