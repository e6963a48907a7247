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

/** What becomes of the first batches of a queue: nothing is reached, or answers are lost. */
const outages: ("down" | "lost" | "lost once")[] = [
  ...["down", "down", "lost", "lost once", "down", "lost"] as const,
];

/** A database that fails altogether, or from the first commit of messages on, or once after it. */
function failing(db: D1Binding, outage: typeof outages[number]): D1Binding {
  const ofMessages = new WeakSet<object>();
  let commits = 0;
  return {
    prepare: (sql) => ({
      bind: (...values) => {
        const bound = db.prepare(sql).bind(...values);
        if (sql.startsWith("insert into millrace_delivery")) ofMessages.add(bound);
        return bound;
      },
    }),
    async batch(statements) {
      const lost = new Error("D1_ERROR: Network connection lost.");
      if (outage === "down") throw lost;
      const results = await db.batch(statements);
      const isCommit = statements.some((one) => ofMessages.has(one));
      if (isCommit) commits++;
      if (outage === "lost" ? commits > 0 : isCommit && commits === 1) throw lost;
      return results;
    },
  };
}

export default {
  /** Loads numbers, of which the negative ones are bad; what is dead goes into a table of its own. */
  async queue(batch: QueueBatch<number> & { queue: string }, { DB }: { DB: D1Binding }) {
    const outage = batch.queue === "outage" ? outages.shift() : undefined;
    const sink = d1Sink(outage === undefined ? DB : failing(DB, outage), { table: batch.queue });
    await consumeQueue(batch, {
      name: batch.queue,
      transform: ({ body, attempts }) => ({ n: body, attempts }),
      load: sink.load,
    }, { retryDelay: () => 0 });
  },
};
