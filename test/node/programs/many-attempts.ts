// One call that fails again and again: prints by how many bytes the heap has grown from the 2,000th
// attempt to the 40,000th, in the stage that is named.
import { etl, retry } from "../../../src/index.ts";

const { gc } = globalThis as unknown as { gc(): void };
const [, , stage] = process.argv;
let before = 0;
let growth = 0;

/** Fails, each time with an error of its own. */
function attempt(count: number): void {
  if (count === 2000 || count === 40_000) {
    gc();
    growth = process.memoryUsage().heapUsed - before;
    before = process.memoryUsage().heapUsed;
  }
  if (count < 40_000) throw new Error(`attempt ${count}`);
}

// No delay at all, which a timer does not have.
globalThis.setTimeout = ((run: () => void) => setImmediate(run)) as unknown as typeof setTimeout;
const options = { maxAttempts: Infinity, baseDelay: 0 };
let attempts = 0;
const work = (): unknown[] => {
  attempt(++attempts);
  return [1];
};
if (stage === "retry()") await retry(work, options);
else {
  const functions = { load: () => {}, [stage!]: work };
  const stubborn = etl({ name: "stubborn", extract: () => [1], ...functions });
  await stubborn.run({ retry: options });
}
console.log(growth);
