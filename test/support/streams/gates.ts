import { type Etl, etl } from "../../../src/etl/etl.ts";
import type { RunOptions } from "../../../src/pipeline/run-options.ts";

/** A load that has begun. */
export interface Gate {
  readonly signal: AbortSignal;
  open(): void;
  fail(error: unknown): void;
}

/** Pipelines of one item each, whose load runs until the test ends it; counts those that run. */
export class Gates {
  /** Names of pipelines in the order in which their loads began. */
  readonly begun: string[] = [];
  /** The most loads that ever ran at once. */
  most = 0;
  readonly #gates = new Map<string, Gate>();
  #running = 0;

  /** A pipeline that gets to its load, and waits there. */
  pipeline(name: string, defaults: RunOptions<number> = {}): Etl<number> {
    return etl<number>({ name, extract: () => [1], load: (_, context) => this.#load(context) }, {
      ...defaults,
    });
  }

  /** The load of this pipeline, which has begun. */
  get(name: string): Gate {
    const gate = this.#gates.get(name);
    if (gate === undefined) throw new Error(`The load of "${name}" has not begun`);
    return gate;
  }

  #load({ pipeline, signal }: { pipeline: string; signal: AbortSignal }): Promise<void> {
    this.begun.push(pipeline);
    this.most = Math.max(this.most, ++this.#running);
    return new Promise((resolve, reject) => {
      const end = <V>(settle: (value: V) => void) => (value: V) => {
        this.#running--;
        settle(value);
      };
      this.#gates.set(pipeline, { signal, open: end(resolve), fail: end(reject) });
    });
  }
}
