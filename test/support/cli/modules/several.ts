import { etl, EtlManager, leased } from "../../../../src/index.ts";
import type { Checkpoint, DeadLetter, LoadContext } from "../../../../src/index.ts";

/** What the pipelines of this module have done. */
export const seen: { loaded: unknown[]; letters: unknown[]; hooks: string[] } = {
  loaded: [],
  letters: [],
  hooks: [],
};
/** What is finished, by key. */
export const kept = new Map<string, Checkpoint>();
const checkpoints = {
  read: (key: string) => kept.get(key),
  write: (key: string, checkpoint: Checkpoint) => void kept.set(key, checkpoint),
};

const load = (rows: readonly unknown[]) => void seen.loaded.push(...rows);
const numbers = Array.from({ length: 40 }, (_, n) => n);

/** Remembers what is finished, and gives up on every tenth number. */
export const resumable = etl({
  name: "numbers",
  preProcess: () => void seen.hooks.push("preProcess"),
  extract: () => numbers,
  transform: (n) => {
    if (n % 10 === 9) throw new Error("a nine");
    return { n };
  },
  load,
  postProcess: () => void seen.hooks.push("postProcess"),
}, {
  batchSize: 10,
  checkpoints,
  deadLetters: () =>
    new WritableStream<DeadLetter<number>>({ write: (letter) => void seen.letters.push(letter) }),
});

/** Fails in its second batch. */
export const failing = etl({
  name: "failing",
  extract: () => numbers,
  load: (_, { batch }: LoadContext) => {
    if (batch.offset > 0) throw new Error("the table is gone");
  },
}, { batchSize: 10 });

/** Gives numbers until it is stopped. */
export const endless = etl({
  name: "endless",
  extract: async function* () {
    for (let n = 0;; n++) yield await new Promise<number>((resolve) => setTimeout(resolve, 1, n));
  },
  load: () => {},
}, { batchSize: 10 });

/** Reads from a broker. */
export const lent = etl({
  name: "lent",
  extract: () => leased(numbers, { acknowledge: () => {} }),
  load,
});

let hasFailed = false;
/** Its source fails once, after three numbers. */
export const flaky = etl({
  name: "flaky",
  extract: async function* () {
    for (const n of numbers) {
      if (n === 3 && !hasFailed) {
        hasFailed = true;
        throw new Error("reset by peer");
      }
      yield n;
    }
  },
  load,
}, { retry: { extract: { maxAttempts: 2, baseDelay: 1 } } });

/** Of an object that nobody may change. */
export const frozen = etl(Object.freeze({ name: "frozen", extract: () => numbers, load }));

class Doubled {
  readonly name = "of-class";
  readonly #factor = 2;
  extract() {
    return numbers;
  }
  transform(n: number) {
    return n * this.#factor;
  }
  load(rows: number[]) {
    seen.loaded.push(...rows, this.#factor);
  }
}
/** Of an object whose methods need it. */
export const ofClass = etl(new Doubled());

/** Both, one after the other. */
export const manager = new EtlManager()
  .add(etl({ name: "first", extract: () => numbers, load }))
  .add(etl({ name: "second", extract: () => numbers, load }), { after: ["first"] });
/** One that fails, and one that is not started for it. */
export const broken = new EtlManager().add(failing)
  .add(etl({ name: "second", extract: () => numbers, load }), { after: ["failing"] });

/** Ten numbers in each of four partitions. */
export const job = {
  name: "tens",
  split: () => [0, 10, 20, 30],
  id: (from: number) => `from-${from}`,
  pipeline: (from: number) => ({ extract: () => numbers.slice(from, from + 10), load }),
};
