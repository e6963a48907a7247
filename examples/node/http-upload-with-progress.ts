// A server that loads an uploaded CSV into SQLite as it arrives, and shows the progress. Memory stays
// bounded: a slow table slows the upload. The program uploads a file to itself.
//
// Run: node examples/node/http-upload-with-progress.ts
// Last line: The server answers: 20000 rows loaded, 1 refused.
import { once } from "node:events";
import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { Readable } from "node:stream";
import { etl } from "millrace";
import { readCsv } from "millrace/csv";
import { showProgress } from "millrace/progress";
import { sqliteSink } from "millrace/sqlite";

const db = new DatabaseSync(":memory:");
db.exec("create table sale (id integer primary key, cents integer not null)");
const sink = sqliteSink(db, { table: "sale" });

const server = createServer(async (request, response) => {
  const stop = new AbortController(); // Aborted when the client disconnects.
  response.once("close", () => response.writableFinished || stop.abort());
  const body = Readable.toWeb(request) as ReadableStream;
  const sales = etl({
    name: "upload",
    extract: () => readCsv(body, { columns: { id: "number", cents: "number" }, malformed: "item" }),
    load: sink.load,
  });
  const run = sales.start({
    batchSize: 500,
    deadLetters: sink.deadLetters(),
    signal: stop.signal,
    total: { bytes: Number(request.headers["content-length"]) },
  });
  try {
    await showProgress(run); // On standard error. In a terminal, a bar of the bytes.
    const { loaded, deadLettered } = await run.finished;
    response.end(`${loaded} rows loaded, ${deadLettered} refused.`);
  } catch (error) {
    response.writeHead(400).end(String(error));
  }
});
await once(server.listen(0), "listening");
const { port } = server.address() as { port: number };

const lines = Array.from({ length: 20_000 }, (_, id) => `${id},${id * 5}`);
lines.splice(700, 0, "20001,a lot");
const answer = await fetch(`http://localhost:${port}/sales`, {
  method: "POST",
  body: ["id,cents", ...lines].join("\n"),
});
console.log(`The server answers: ${await answer.text()}`);
server.close();
