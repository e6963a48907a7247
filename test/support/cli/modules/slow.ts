import { etl } from "../../../../src/index.ts";

/** Gives numbers, one each 10 ms, and loads them ten at a time, until it is told to stop. */
export const slow = etl({
  name: "slow",
  extract: async function* () {
    console.error("begun");
    for (let n = 0;; n++) {
      yield await new Promise<number>((resolve) => setTimeout(resolve, 10, n));
    }
  },
  load: () => {},
}, { batchSize: 10 });

/** Its load does not end before it is aborted. */
export const stuck = etl({
  name: "stuck",
  extract: () => [1, 2, 3],
  load: (_, { signal }) => {
    console.error("begun");
    const working = setInterval(() => {}, 1000);
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        clearInterval(working);
        reject(signal.reason);
      });
    });
  },
}, { drainTimeout: Infinity });

/** Its load waits for nothing, so that it never ends. */
export const hung = etl({
  name: "hung",
  extract: () => [1, 2, 3],
  load: () => new Promise(() => {}),
});
