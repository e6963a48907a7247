// The jobs of bench/growth.ts. In each of them one count grows.
import type * as Jobs from "../../src/adapters/jobs.ts";
import type { Checkpoint } from "../../src/index.ts";
import { chunks, etl, EtlManager, MemoryCheckpointStore } from "./library.ts";
import type { Measures } from "./question.ts";
import { checkSum, chunkStream, type Item, itemStream } from "./sources.ts";

const built = new URL("../dist/adapters/jobs.js", import.meta.url).href;
const { coordinate, MemoryJobStore }: typeof Jobs = await import(built);

const BATCH = 100;
const four = { batchSize: BATCH, workers: 4 } as const;

/** How a job is done once. */
export interface Setting {
  /** All items of the job. */
  readonly items: number;
  /** The count that grows. */
  readonly count: number;
  /** Told how many items are done; where memory is asked for, it looks at the heap now and then. */
  onItems(items: number): void;
}

/** Does the job once. It fails if an item is lost. */
export type GrowingJob = (setting: Setting) => Promise<Measures | void>;

/** A load that adds up the ids. */
function summing({ onItems }: Setting) {
  const loaded = { sum: 0, count: 0 };
  const load = async (rows: readonly Item[]) => {
    for (const row of rows) loaded.sum += row.id;
    loaded.count += rows.length;
    onItems(rows.length);
  };
  return { loaded, load };
}

const copyOf = ({ id }: Item): Item => ({ id });

/** One run of a stream of items, with so many workers. */
async function runItems(setting: Setting, workers: number): Promise<void> {
  const { loaded, load } = summing(setting);
  const extract = () => itemStream(setting.items);
  await etl({ name: "items", extract, transform: copyOf, load }, { ...four, workers }).run();
  checkSum(loaded.sum, setting.items);
}

export const items: GrowingJob = (setting) => runItems(setting, 4);

export const workers: GrowingJob = (setting) => runItems(setting, setting.count);

export const inChunks: GrowingJob = async (setting) => {
  const { loaded, load } = summing(setting);
  const extract = () => chunks(chunkStream(setting.items));
  await etl({ name: "chunks", extract, transform: copyOf, load }, four).run();
  checkSum(loaded.sum, setting.items);
};

/** Items of each pipeline. */
export const ITEMS_PER_PIPELINE = 10_000;

/** All of them run at once. */
export const pipelines: GrowingJob = async (setting) => {
  const count = Math.ceil(setting.items / ITEMS_PER_PIPELINE);
  const { loaded, load } = summing(setting);
  const manager = new EtlManager({ workers: count });
  const extract = () => itemStream(ITEMS_PER_PIPELINE);
  for (let n = 0; n < count; n++) {
    manager.add(etl({ name: `pipeline ${n}`, extract, transform: copyOf, load }, four));
  }
  await manager.runAll();
  checkSum(loaded.sum / count, ITEMS_PER_PIPELINE);
};

/** Tells how long the longest checkpoint is as text. */
class MeasuredStore extends MemoryCheckpointStore {
  longest = 0;

  override write(key: string, checkpoint: Checkpoint): void {
    this.longest = Math.max(this.longest, JSON.stringify(checkpoint).length);
    super.write(key, checkpoint);
  }
}

/** One batch is stuck until all others are done, so that the checkpoint cannot go past it. */
export const stuck: GrowingJob = async (setting) => {
  const { loaded, load } = summing(setting);
  const checkpoints = new MeasuredStore();
  const others = Promise.withResolvers<void>();
  await etl({
    name: "stuck",
    extract: () => itemStream(setting.items),
    transform: copyOf,
    load: async (rows: readonly Item[]) => {
      if (rows[0]!.id === 0) await others.promise;
      await load(rows);
      if (loaded.count >= setting.items - BATCH) others.resolve();
    },
  }, { ...four, checkpoints }).run();
  checkSum(loaded.sum, setting.items);
  return { checkpoint: checkpoints.longest };
};

/** Each letter has a message of its own, and nobody keeps any. */
function countingLetters(onItems: Setting["onItems"]) {
  const written = { count: 0 };
  const deadLetters = new WritableStream({
    write() {
      written.count++;
      onItems(1);
    },
  });
  return { written, deadLetters };
}

function checkLetters(items: number, done: { loaded: number; letters: number }): void {
  const letters = Math.ceil(items / ITEMS_PER_LETTER);
  if (done.letters === letters && done.loaded === items - letters) return;
  throw new Error(`Of ${items} items ${done.loaded} were loaded, with ${done.letters} letters`);
}

/** Of so many items one is given up on. */
export const ITEMS_PER_LETTER = 10;

const isBad = ({ id }: Item) => id % ITEMS_PER_LETTER === 0;

/** The transform throws for some items. */
export const lettersOfTransform: GrowingJob = async (setting) => {
  const { loaded, load } = summing(setting);
  const { written, deadLetters } = countingLetters(setting.onItems);
  await etl({
    name: "letters",
    extract: () => itemStream(setting.items),
    transform: (item: Item) => {
      if (isBad(item)) throw new Error(`No price of ${item.id}`);
      return { id: item.id };
    },
    load,
  }, { ...four, deadLetters }).run();
  checkLetters(setting.items, { loaded: loaded.count, letters: written.count });
};

/** The load throws for some items, whose batch is halved until they stand alone. */
export const lettersOfLoad: GrowingJob = async (setting) => {
  const { loaded, load } = summing(setting);
  const { written, deadLetters } = countingLetters(setting.onItems);
  await etl({
    name: "letters",
    extract: () => itemStream(setting.items),
    transform: copyOf,
    load: async (rows: readonly Item[]) => {
      const bad = rows.find(isBad);
      if (bad !== undefined) throw new Error(`No price of ${bad.id}`);
      await load(rows);
    },
  }, { ...four, deadLetters }).run();
  checkLetters(setting.items, { loaded: loaded.count, letters: written.count });
};

/** Each partition is settled the moment it is taken: what is left is the store and the coordinator. */
export const partitions: GrowingJob = async ({ items, onItems }) => {
  const store = new MemoryJobStore();
  const job: Jobs.Job<number, Item> = {
    name: "partitions",
    split: () => Array.from({ length: items }, (_, n) => n),
    id: (n) => `partition ${n}`,
    pipeline: () => ({ extract: () => [], load: () => {} }), // Nobody runs it.
  };
  const lane = async () => {
    const watch = store.watch("partitions");
    for (;;) {
      const lease = await store.take("lane");
      if (lease !== undefined) {
        await lease.settle({ state: "completed", ...lease.counts, extracted: 1, loaded: 1 });
        onItems(1);
      } else if ((await store.read()).state === "ended") return watch.close();
      else await watch.changed(undefined);
    }
  };
  const [{ loaded }] = await Promise.all([
    coordinate(job, { store }),
    ...Array.from({ length: 4 }, lane),
  ]);
  if (loaded !== items) throw new Error(`Of ${items} partitions ${loaded} are done`);
};
