import { etl } from "../../../src/etl/etl.ts";
import type { RunOptions } from "../../../src/pipeline/run-options.ts";
import { propertyOf } from "../../../src/errors.ts";
import type { Threads } from "../../../src/adapters/threads/options.ts";
import type { DeadLetter } from "../../../src/dead-letters/dead-letter.ts";
import type { Order } from "./work.ts";

/** Runs orders through threads: gives the rows, and which items have failed with what. */
export async function runOrders(
  threads: Threads<Order, unknown>,
  items: readonly Order[],
  options: RunOptions<Order> = {},
) {
  const rows: unknown[] = [];
  const letters: DeadLetter<Order>[] = [];
  const report = await etl({
    name: "orders",
    extract: () => items,
    transformBatch: threads,
    load: (loaded) => void rows.push(...loaded),
  }).run({
    batchSize: 100,
    workers: 2,
    deadLetters: new WritableStream({ write: (letter) => void letters.push(letter) }),
    ...options,
  });
  const failed = letters.sort((a, b) => a.item.id - b.item.id)
    .map(({ item, error }) => [item.id, propertyOf(error, "message") ?? error]);
  return { report, rows, letters, failed };
}
