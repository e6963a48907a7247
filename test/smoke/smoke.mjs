// What the packed package must do on a bare runtime, without a test runner: every entry loads, and a
// pipeline runs. `load` gives the module of a subpath.
export async function smoke(load, subpaths) {
  for (const subpath of subpaths) {
    if (Object.keys(await load(subpath)).length === 0) throw new Error(`${subpath} is empty`);
  }
  const { BucketStream, chunks, etl, LoaderStream, ParallelMapStream, skip } = await load(".");
  const loaded = [];
  const report = await etl({
    name: "smoke",
    extract: () => chunks([[1, 2, 3], [4, 5]]),
    transform: async (n) => (n === 2 ? skip : n * 10),
    load: (rows) => void loaded.push(rows),
  }).run({ batchSize: 2, workers: 2, timeout: 1000 });
  if (JSON.stringify(loaded) !== "[[10],[30,40],[50]]") throw new Error(JSON.stringify(loaded));
  if (report.loaded !== 4 || report.skipped !== 1) throw new Error(JSON.stringify(report));

  const sums = [];
  const numbers = new ReadableStream({
    start(controller) {
      for (const n of [1, 2, 3]) controller.enqueue(n);
      controller.close();
    },
  });
  await numbers
    .pipeThrough(new ParallelMapStream(async (n) => n + 1, { concurrency: 2 }))
    .pipeThrough(new BucketStream({ batchSize: 2 }))
    .pipeTo(new LoaderStream((batch) => void sums.push(batch.reduce((a, b) => a + b))));
  if (sums.join() !== "5,4") throw new Error(sums.join());
  return "smoke ok";
}
