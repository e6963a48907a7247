// Leaves streams and runs early, each with an hour to go: nothing of them may keep the process alive.
import { batched, BucketStream, etl, ParallelMapStream } from "../../../src/index.ts";

const HOUR = 3_600_000;
async function* idle() {
  yield 1;
  yield 2;
  await new Promise(() => {}); // Nothing comes, and nothing is waited for.
}

for await (const batch of batched(idle(), { batchSize: 2, timeout: HOUR })) {
  console.log("batched", batch);
  break;
}
const three = new ReadableStream<number>({
  start: (output) => [1, 2, 3].forEach((n) => output.enqueue(n)),
});
const numbers = three
  .pipeThrough(new ParallelMapStream((n: number) => n, { concurrency: 2 }))
  .pipeThrough(new BucketStream({ batchSize: 2, timeout: HOUR }));
for await (const batch of numbers) {
  console.log("piped", batch);
  break;
}
const source = new ReadableStream<number>({ start: (output) => output.enqueue(1) });
const run = etl({ name: "idle", extract: () => source, load: () => {} }).start({
  ...{ batchSize: 9, timeout: HOUR, drainTimeout: HOUR, abortTimeout: HOUR },
  ...{ onProgress: () => {}, progressInterval: HOUR },
});
setTimeout(async () => {
  const { outcome, loaded } = await run.drain();
  console.log(outcome, loaded);
}, 1);
