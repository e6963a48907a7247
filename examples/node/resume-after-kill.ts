// Loads 500 orders in a process that is killed midway, then runs the same pipeline again. Each order
// is in the table once, because rows and checkpoint are one commit.
//
// Run: node examples/node/resume-after-kill.ts
// Last line: 500 rows, 500 orders.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { etl } from "millrace";
import { sqliteSink } from "millrace/sqlite";

function load(path: string) {
  const db = new DatabaseSync(path);
  db.exec("create table if not exists orders (id integer, cents integer)"); // No key: only the
  const sink = sqliteSink(db, { table: "orders" }); // checkpoint keeps a row from being stored twice.
  const orders = etl({
    name: "orders",
    extract: async function* () { // A slow source.
      for (let id = 1; id <= 500; id++) yield await wait(1, { id, euros: id / 4 });
    },
    transform: ({ id, euros }) => ({ id, cents: euros * 100 }),
    load: sink.load,
  });
  return orders.run({
    batchSize: 20,
    checkpoints: sink.checkpoints,
    lease: 2_000, // How long the next run waits for a run that was killed.
    onProgress: ({ loaded }) => console.log(`${loaded} loaded`),
    progressInterval: 50,
  });
}

const [, , given] = process.argv;
if (given !== undefined) {
  await load(given); // The process that is killed.
} else {
  const folder = mkdtempSync(join(tmpdir(), "orders-"));
  const path = join(folder, "orders.db");

  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), path]);
  for await (const text of child.stdout) if (/[1-9]\d* loaded/.test(String(text))) break;
  child.kill("SIGKILL");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");

  const { earlier, loaded } = await load(path);
  console.log(`Killed. ${earlier} orders were there, ${loaded} were added.`);
  const db = new DatabaseSync(path);
  const counts = db.prepare("select count(*) as n, count(distinct id) as ids from orders").get();
  db.close();
  rmSync(folder, { recursive: true });
  console.log(`${counts!["n"]} rows, ${counts!["ids"]} orders.`);
}
