// The module of bench/threads.ts: each row is a known number of rounds of work.
import type * as Threads from "../../src/adapters/threads.ts";

const built = new URL("../dist/adapters/threads.js", import.meta.url).href;
export const { inThreads, thread }: typeof Threads = await import(built);

/** A row of four fields, with its rounds of work. */
export interface Row {
  readonly id: number;
  readonly name: string;
  readonly price: number;
  readonly rounds: number;
}

/** Works for this many rounds of xorshift32 (G. Marsaglia, 2003). */
export function spin(rounds: number): number {
  let x = 2_463_534_242;
  for (let round = 0; round < rounds; round++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
  }
  return x >>> 0;
}

export default thread(({ id, name, price, rounds }: Row): Row => ({
  id,
  name,
  price: price + (spin(rounds) & 1),
  rounds,
}));
