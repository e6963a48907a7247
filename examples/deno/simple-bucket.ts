// Gathers 50 numbers into batches of 10. Two workers send them, and each batch takes 100 ms.
// These are plain Web Streams: while both workers are busy, a write waits for room.
//
// Run: deno run -A examples/deno/simple-bucket.ts
// Last line: Sent 50 numbers in 5 batches.
import { setTimeout as sleep } from "node:timers/promises";
import { BucketStream, LoaderStream } from "millrace";

let sent = 0;
let batches = 0;

const bucket = new BucketStream({ batchSize: 10, timeout: 1_000 });

async function produce() {
  const writer = bucket.writable.getWriter();
  for (let n = 1; n <= 50; n++) await writer.write(n);
  await writer.close();
}

const sending = bucket.readable.pipeTo(
  new LoaderStream(async (batch, { signal }) => {
    console.log(`Sending ${batch.at(0)} to ${batch.at(-1)}`);
    await sleep(100, undefined, { signal });
    sent += batch.length;
    batches++;
  }, { workers: 2 }),
);
await Promise.all([produce(), sending]);
console.log(`Sent ${sent} numbers in ${batches} batches.`);
