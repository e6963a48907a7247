import type { Awaitable } from "../../checkpoints/checkpoint.ts";
import type { DeadLetter } from "../../dead-letters/dead-letter.ts";
import { etl } from "../../etl/etl.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { RunOptions } from "../../pipeline/run-options.ts";
import type { RunReport } from "../../report-types.ts";
import { sleep } from "../../runtime/deadline.ts";
import type { Leased } from "../../streams/leased.ts";
import type { DefineTest } from "./define-test.ts";
import { expectSame } from "./expectations.ts";

/** A queue with messages, whose sources are tested. */
export interface TestedQueue<T> {
  /** Creates a source for one run. It ends once the queue has no more messages, including lent ones. */
  source(): Leased<T>;
  /** Returns the text of a message. */
  bodyOf(item: T): string;
  /** Returns the number of messages that are not acknowledged, lent or not. */
  unfinished(): Awaitable<number>;
}

/** The leased source under test. */
export interface LeasedSourceSuite<T> {
  /** Creates a queue with a message for each of these texts. */
  create(bodies: readonly string[]): Awaitable<TestedQueue<T>>;
  /** Removes the queue that `create` made, after the test, whatever its outcome. */
  destroy?(queue: TestedQueue<T>): unknown;
  /** Milliseconds after which the broker redelivers a message without an acknowledgement. */
  readonly lease: number;
}

const bodies: readonly string[] = Array.from({ length: 12 }, (_, n) => `m${n}`);

/**
 * Defines the tests that every leased source must pass, with the `it` of any framework: nothing is
 * acknowledged before its load, nothing is delivered again during its load, and however a run ends, every
 * message is at once finished or with the broker. The tests take the time of some `lease`s.
 *
 * @example A queue in memory
 * ```ts
 * import { leased } from "millrace";
 * import { testLeasedSource } from "millrace/testing";
 * import { ok } from "node:assert/strict";
 *
 * const tests: (() => void | Promise<void>)[] = [];
 * const it = (_name: string, test: () => void | Promise<void>) => tests.push(test); // Or vitest's.
 * testLeasedSource(it, {
 *   lease: 10,
 *   create: (bodies) => {
 *     const waiting = [...bodies];
 *     let out = 0;
 *     const end = (items: readonly string[]) => void (out -= items.length);
 *     async function* take() {
 *       for (let body = waiting.shift(); body !== undefined; body = waiting.shift()) {
 *         out++;
 *         yield body;
 *       }
 *     }
 *     const release = (items: readonly string[]) => {
 *       end(items);
 *       waiting.push(...items);
 *     };
 *     return {
 *       source: () => leased(take(), { acknowledge: end, release }),
 *       bodyOf: (body: string) => body,
 *       unfinished: () => waiting.length + out,
 *     };
 *   },
 * });
 * for (const test of tests) await test();
 * ok(tests.length > 5);
 * ```
 */
export function testLeasedSource<T>(it: DefineTest, suite: LeasedSourceSuite<T>): void {
  const define = (name: string, test: (queue: Consumer<T>) => Promise<void>) =>
    it(name, async () => {
      const queue = await suite.create(bodies);
      try {
        await test(new Consumer(queue));
      } finally {
        await suite.destroy?.(queue);
      }
    });
  testLoads(define, suite.lease);
  testEnds(define);
}

type DefineQueueTest<T> = (name: string, test: (queue: Consumer<T>) => Promise<void>) => void;

/** Loads the messages of a queue, run by run. */
class Consumer<T> {
  /** Items loaded by all runs, in order. */
  readonly loaded: string[] = [];
  readonly queue: TestedQueue<T>;

  constructor(queue: TestedQueue<T>) {
    this.queue = queue;
  }

  /** Begins a run. */
  start(
    { load, ...members }: Partial<Pipeline<T, T>> = {},
    options: RunOptions<T> = {},
  ): ReturnType<ReturnType<typeof etl<T>>["start"]> {
    return etl<T>({
      name: "queue",
      extract: () => this.queue.source(),
      ...members,
      load: async (items, context) => {
        const given = items.map((item) => this.queue.bodyOf(item));
        await load?.(items, context);
        this.loaded.push(...given);
      },
    }).start({ batchSize: 4, timeout: 20, ...options });
  }

  /** Throws unless each message was loaded, once, and the broker knows. */
  async expectAll(): Promise<void> {
    expectSame("loaded", [...this.loaded].sort(), [...bodies].sort());
    expectSame("unfinished", await this.queue.unfinished(), 0);
  }

  /** Gives the report of a run, however it ends; each of its items is counted once. */
  async reportOf(run: { readonly finished: Promise<RunReport> }): Promise<RunReport> {
    const report = await run.finished.catch((error: { report?: RunReport }) => {
      if (error.report === undefined) throw error;
      return error.report;
    });
    const { extracted, loaded, skipped, deadLettered, returned, pending } = report;
    expectSame("extracted", extracted, loaded + skipped + deadLettered + returned + pending);
    return report;
  }
}

function testLoads<T>(define: DefineQueueTest<T>, lease: number): void {
  define("gives each message once, and is told of it", async (queue) => {
    expectSame("outcome", (await queue.start().finished).outcome, "completed");
    await queue.expectAll();
    expectSame("loaded again", (await queue.start().finished).loaded, 0);
  });

  define("acknowledges nothing before it is loaded", async (queue) => {
    const unfinished: number[] = [];
    const load = async () => void unfinished.push(await queue.queue.unfinished());
    await queue.start({ load }).finished;
    expectSame("unfinished during the first load", unfinished[0], bodies.length);
    await queue.expectAll();
  });

  define("delivers nothing again while it is loaded, however long that takes", async (queue) => {
    let calls = 0;
    const load = () => calls++ === 0 ? sleep(lease * 3, undefined) : undefined;
    await queue.start({ load }, { workers: 2 }).finished;
    await queue.expectAll();
  });

  define("loses none that fails, and loads the others", async (queue) => {
    const letters: DeadLetter<T>[] = [];
    const transform = (item: T) => {
      if (queue.queue.bodyOf(item) === "m5") throw new Error("poison");
      return item;
    };
    const deadLetters = new WritableStream({ write: (letter) => void letters.push(letter) });
    await queue.reportOf(queue.start({ transform }, { deadLetters }));
    expectSame("dead letters", letters.map(({ item }) => queue.queue.bodyOf(item)), ["m5"]);
    queue.loaded.push("m5");
    await queue.expectAll();
  });

  define("loses none that fails once", async (queue) => {
    let hasFailed = false;
    const letters: DeadLetter<T>[] = [];
    const transform = (item: T) => {
      if (queue.queue.bodyOf(item) !== "m5" || hasFailed) return item;
      hasFailed = true;
      throw new Error("not yet");
    };
    const deadLetters = new WritableStream({ write: (letter) => void letters.push(letter) });
    await queue.reportOf(queue.start({ transform }, { deadLetters }));
    queue.loaded.push(...letters.map(({ item }) => queue.queue.bodyOf(item)));
    await queue.expectAll();
  });
}

function testEnds<T>(define: DefineQueueTest<T>): void {
  define("gives back all that is out when a load fails", async (queue) => {
    const load = () => Promise.reject(new Error("full"));
    const { outcome, loaded } = await queue.reportOf(queue.start({ load }));
    expectSame("end", [outcome, loaded], ["failed", 0]);
    expectSame("unfinished", await queue.queue.unfinished(), bodies.length);
    await queue.start().finished;
    await queue.expectAll();
  });

  define("gives back all that is out when a run is aborted", async (queue) => {
    let calls = 0;
    const run = queue.start({
      load: (_, { signal }) => {
        if (++calls === 1) return;
        run.abort().catch(() => {});
        return sleep(60_000, signal).then(() => signal.throwIfAborted());
      },
    });
    expectSame("outcome", (await queue.reportOf(run)).outcome, "aborted");
    expectSame("unfinished", await queue.queue.unfinished(), bodies.length - queue.loaded.length);
    await queue.start().finished;
    await queue.expectAll();
  });

  define("loads what it has read when it is drained, and leaves the rest", async (queue) => {
    const run = queue.start({ load: () => void run.drain().catch(() => {}) });
    const { outcome, pending } = await queue.reportOf(run);
    expectSame("end", [outcome, pending], ["drained", 0]);
    expectSame("unfinished", await queue.queue.unfinished(), bodies.length - queue.loaded.length);
    await queue.start().finished;
    await queue.expectAll();
  });

  define("ends where the run is stopped before it reads", async (queue) => {
    const run = queue.start({ preProcess: () => void run.abort().catch(() => {}) });
    await queue.reportOf(run);
    expectSame("unfinished", await queue.queue.unfinished(), bodies.length);
    await queue.start().finished;
    await queue.expectAll();
  });
}
