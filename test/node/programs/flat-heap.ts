// Many runs on one long-lived signal: prints by how many bytes the heap has grown since the first.
import { etl } from "../../../src/index.ts";

const { gc } = globalThis as unknown as { gc(): void };
const { signal } = new AbortController();
const pipeline = etl({
  name: "short",
  extract: () => [1, 2, 3],
  transform: async (n) => n,
  load: async () => {},
});

async function heapAfter(runs: number): Promise<number> {
  for (let run = 0; run < runs; run++) await pipeline.run({ signal, batchSize: 2, workers: 2 });
  await new Promise((resolve) => setTimeout(resolve, 10)); // Lets what is finished be let go.
  gc();
  return process.memoryUsage().heapUsed;
}

const before = await heapAfter(5000);
const afterwards = await heapAfter(100_000);
console.log(afterwards - before);
