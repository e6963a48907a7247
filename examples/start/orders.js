// Writes 200 orders into orders.ndjson. Stop it with Ctrl-C or `kill -9` and start it again: it resumes
// where it stopped, and each order is in the file once. To start over, delete the file and its mark.
//
// Run: npm install && npm start
// Last line: 0 orders were there, 200 were added.
import { setTimeout as wait } from "node:timers/promises";
import { etl } from "millrace";
import { fileSink } from "millrace/file";
import { encodeNdjson } from "millrace/ndjson";

const sink = fileSink("orders.ndjson", { format: encodeNdjson() });
const orders = etl({
  name: "orders",
  extract: async function* () { // A slow source.
    for (let id = 1; id <= 200; id++) yield await wait(10, { id, euros: id / 4 });
  },
  transform: ({ id, euros }) => ({ id, cents: euros * 100 }),
  load: async (rows, context) => {
    await sink.load(rows, context);
    console.log(`${rows.length} orders written, the last is ${rows.at(-1).id}`);
  },
});
const { earlier, loaded } = await orders.run({ batchSize: 20, checkpoints: sink.checkpoints });
console.log(`${earlier} orders were there, ${loaded} were added.`);
