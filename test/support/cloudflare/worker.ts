import { DurableObject } from "cloudflare:workers";
import {
  consumeQueue,
  type D1Binding,
  d1Sink,
  type QueueBatch,
} from "../../../src/adapters/cloudflare.ts";

export { Import } from "../../../examples/workers/import.ts";

/** An object of which tests use the storage. */
export class TestObject extends DurableObject {}

export default {
  /** Loads numbers, of which the negative ones are bad; what is dead goes into a table of its own. */
  async queue(batch: QueueBatch<number> & { queue: string }, { DB }: { DB: D1Binding }) {
    const sink = d1Sink(DB, { table: batch.queue });
    await consumeQueue(batch, {
      name: batch.queue,
      transform: ({ body, attempts }) => ({ n: body, attempts }),
      load: sink.load,
    }, { retryDelay: () => 0 });
  },
};
