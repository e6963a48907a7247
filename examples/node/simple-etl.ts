// Squares the numbers 1 to 20. Two workers load them in batches of 5.
//
// Run: node examples/node/simple-etl.ts
// Last line: Loaded 20 squares in 4 batches; their sum is 2870.
import { etl } from "millrace";

let sum = 0;

const squares = etl({
  name: "squares",
  preProcess: () => console.log("Squaring the numbers 1 to 20"),
  extract: () => Array.from({ length: 20 }, (_, index) => index + 1),
  transform: (n) => n * n,
  load: (batch) => {
    console.log(`Loading ${batch.join(", ")}`);
    for (const square of batch) sum += square;
  },
  postProcess: () => console.log("All are loaded"),
});

const { loaded, batches } = await squares.run({ batchSize: 5, timeout: 1_000, workers: 2 });
console.log(`Loaded ${loaded} squares in ${batches} batches; their sum is ${sum}.`);
