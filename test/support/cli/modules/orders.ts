import { etl } from "../../../../src/index.ts";

/** One pipeline of 250 orders, without checkpoints. */
export default etl({
  name: "orders",
  extract: () => Array.from({ length: 250 }, (_, id) => ({ id })),
  transform: ({ id }) => ({ id, cents: id * 100 }),
  load: () => {},
});
