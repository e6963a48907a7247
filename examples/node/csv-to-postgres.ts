// Loads a CSV file into PostgreSQL. Rows that the table cannot hold become dead letters, in another
// table. PGlite is PostgreSQL in this process; with a server, pass the pool of `pg` instead.
//
// Run: node examples/node/csv-to-postgres.ts
// Last line: 8 loaded, 2 dead letters, effectively-once.
import { fileURLToPath } from "node:url";
import { PGlite } from "@electric-sql/pglite";
import { etl } from "millrace";
import { readCsv } from "millrace/csv";
import { openFiles } from "millrace/file";
import { postgresSink } from "millrace/postgres";

const path = fileURLToPath(new URL("../data/orders.csv", import.meta.url)); // Or a .csv.gz.
const client = new PGlite();
await client.exec(
  "create table orders (id int primary key, customer text, ordered date, euros numeric)",
);
const sink = postgresSink(client, { table: "orders" });

const report = await etl({
  name: "orders",
  extract: () => readCsv(openFiles(path), { empty: null }), // PostgreSQL parses numbers and dates.
  load: sink.load,
}).run({
  batchSize: 1_000,
  checkpoints: sink.checkpoints, // Rows and mark are one commit: after a crash, run it again.
  deadLetters: sink.deadLetters(),
  partition: "orders.csv", // Each file has its own checkpoint.
});

const { rows } = await client.query("select error_message as reason from millrace_dead_letter");
for (const letter of rows) console.log(letter);
await client.close();
const { loaded, deadLettered, guarantee } = report;
console.log(`${loaded} loaded, ${deadLettered} dead letters, ${guarantee}.`);
