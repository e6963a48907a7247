import {
  BatchError,
  type DeadLetter,
  etl,
  type LoadContext,
  type RunOptions,
  type RunReport,
  SplitError,
} from "../../../src/index.ts";

/** Numbers from 0 up to 1, the same ones for a seed (mulberry32, T. Ettinger, public domain). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let mixed = Math.imul(state ^ state >>> 15, 1 | state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}

/** How often a branch fails, and in which way. */
export interface Faults {
  /** Calls that fail for a moment, from 0 to 1. */
  readonly away: number;
  /** Items that are never taken: every so many; 0 for none. */
  readonly poison: number;
  /** It names them. */
  readonly isNaming: boolean;
  /** Most rows that it takes at once. */
  readonly most: number;
  /** It answers at once. */
  readonly isSync: boolean;
}

/** A branch that fails as it is told to, and keeps what it has loaded. */
export class FaultyBranch {
  readonly rows: number[] = [];
  calls = 0;
  readonly #faults: Faults;
  readonly #random: () => number;

  /** Makes a branch whose failures a seed decides. */
  constructor(faults: Faults, seed: number) {
    this.#faults = faults;
    this.#random = randomOf(seed);
  }

  /** The load of the branch. */
  readonly load = (rows: number[]): unknown => {
    this.calls++;
    return this.#faults.isSync ? this.#load(rows) : this.#later(rows);
  };

  async #later(rows: number[]): Promise<void> {
    for (let turns = Math.floor(this.#random() * 4); turns > 0; turns--) await null;
    this.#load(rows);
  }

  #load(rows: number[]): void {
    const { away, poison, isNaming, most } = this.#faults;
    if (rows.length > most) throw new SplitError();
    if (this.#random() < away) throw new Error("away");
    const bad = poison === 0 ? [] : rows.flatMap((row, index) => row % poison === 0 ? [index] : []);
    if (bad.length > 0 && isNaming) {
      throw new BatchError(
        new Map(bad.map((index) => [index, new Error(`poison ${rows[index]}`)])),
      );
    }
    if (bad.length > 0) throw new Error("poison");
    this.rows.push(...rows.splice(0));
  }
}

/** What a run with branches did. */
export interface BranchedEnd {
  readonly report: RunReport | undefined;
  readonly letters: readonly DeadLetter<number>[];
}

/** Runs so many numbers through a load with branches. */
export async function runBranched(
  count: number,
  load: (rows: number[], context: LoadContext) => unknown,
  options: RunOptions<number>,
): Promise<BranchedEnd> {
  const letters: DeadLetter<number>[] = [];
  const deadLetters = new WritableStream<DeadLetter<number>>({
    write: (letter) => void letters.push(letter),
  });
  const extract = () => Array.from({ length: count }, (_, n) => n + 1);
  const own = options.isolate === undefined ? {} : { deadLetters };
  const run = etl({ name: "numbers", extract, load }).run({ ...options, ...own });
  const report = await run.catch((error) => error.report);
  return { report, letters };
}
