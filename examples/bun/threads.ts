// Counts the primes below each of 12 limits in threads. The threads import this file too: it exports
// their function, and runs the main program only if `isMainThread`.
//
// Run: bun examples/bun/threads.ts
// Last line: Below 120000 there are 11301 primes.
import { isMainThread } from "node:worker_threads";
import { etl } from "millrace";
import { inThreads, thread } from "millrace/threads";

export default thread((limit: number) => {
  const isComposite = new Uint8Array(limit);
  let primes = 0;
  for (let n = 2; n < limit; n++) {
    if (isComposite[n]) continue;
    primes++;
    for (let multiple = n * n; multiple < limit; multiple += n) isComposite[multiple] = 1;
  }
  return `Below ${limit} there are ${primes} primes.`;
});

if (isMainThread) {
  const counting = inThreads(import.meta.url, { size: 2, timeout: 10_000 });
  await etl({
    name: "primes",
    extract: () => Array.from({ length: 12 }, (_, index) => 10_000 * (index + 1)),
    transformBatch: counting,
    load: (sentences) => console.log(sentences.join("\n")),
  }).run({ batchSize: 4 });
  await counting.close();
}
