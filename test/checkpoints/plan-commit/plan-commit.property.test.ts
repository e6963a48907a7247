import fc from "fast-check";
import { expect, it } from "vitest";
import {
  advance,
  blankCheckpoint,
  checkCheckpoint,
  type Checkpoint,
  covers,
  type DoneRange,
  rangesOf,
} from "../../../src/checkpoints/checkpoint.ts";
import { ClaimRegistry } from "../../../src/checkpoints/claim-registry.ts";
import {
  type KeptKey,
  planCommit,
  planWrite,
  type WritePlan,
} from "../../../src/checkpoints/plan-commit.ts";
import { seeded } from "../../support/streams/schedules.ts";
import { ConfigurationError, FencedError } from "../../../src/errors.ts";

const key = "users";

/** A table with its marks, whose every method is one transaction. */
class World {
  readonly loads = new Map<number, number>(); // How often the row of each place was written.
  owner: string | undefined;
  kept: WritePlan | undefined;

  find(): KeptKey {
    const { owner, kept } = this;
    return { owner, loadedBy: kept?.loadedBy, stored: () => kept?.next };
  }

  get checkpoint(): Checkpoint {
    return this.kept?.next ?? blankCheckpoint;
  }

  /** Every row that was written is finished, once, and nothing else is. */
  check(): void {
    expect(checkCheckpoint(key, this.checkpoint)).toBe(this.checkpoint);
    expect(placesOf(this.checkpoint)).toEqual([...this.loads.keys()].sort((a, b) => a - b));
    for (const [place, times] of this.loads) expect(times, `row ${place}`).toBe(1);
  }
}

function placesOf(checkpoint: Checkpoint): number[] {
  return rangesOf(checkpoint).flatMap(([from, to]) =>
    Array.from({ length: to - from }, (_, n) => from + n)
  );
}

/** A run in a process of its own, which loads batches of its own width. */
class Runner {
  readonly #world: World;
  readonly #runId: string;
  readonly #width: number;
  readonly #claims = new ClaimRegistry();
  #known: Checkpoint | undefined; // What it found, and has loaded since.

  constructor(world: World, runId: string, width: number) {
    this.#world = world;
    this.#runId = runId;
    this.#width = width;
  }

  claim(): void {
    this.#world.owner = this.#runId;
    this.#claims.onClaimed(key, this.#runId, this.#world.kept?.next);
    this.#known ??= { ...this.#world.checkpoint, runId: this.#runId };
  }

  release(): void {
    if (this.#world.owner === this.#runId) this.#world.owner = undefined;
    this.#claims.onReleased(key, this.#runId);
    this.#known = undefined;
  }

  /** Loads a batch, whether it is loaded already or not. */
  load(number: number): void {
    const ranges: DoneRange[] = [[number * this.#width, (number + 1) * this.#width]];
    const mark = { key, runId: this.#runId, ranges, isMarked: true };
    const plan = planCommit(mark, this.#world.find(), this.#claims);
    if (plan !== "skip") {
      this.#world.kept = plan.write;
      for (const [from, to] of ranges) {
        for (let n = from; n < to; n++) {
          this.#world.loads.set(n, (this.#world.loads.get(n) ?? 0) + 1);
        }
      }
      this.#claims.onCommitted(mark, plan.write?.next);
    }
    this.#known = advance(this.#known ?? blankCheckpoint, ranges);
  }

  /** Writes what it knows, as a run does now and then. */
  write(): void {
    if (this.#known === undefined) return;
    if (this.#claims.isKnown(key, this.#known) && this.#world.owner === this.#runId) {
      return expect(covers(this.#world.checkpoint, rangesOf(this.#known))).toBe(true);
    }
    this.#world.kept = planWrite(key, this.#known, this.#world.find());
  }
}

it("has each row once, and marks no other, however runs come, go and come back", () => {
  const step = fc.record({
    who: fc.nat(2),
    what: fc.constantFrom("claim", "release", "write", "load", "load", "load"),
    number: fc.nat(5),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = new World();
      const runners = [2, 3, 2].map((width, n) => new Runner(world, `run ${n}`, width));
      for (const { who, what, number } of steps) {
        try {
          runners[who]![what as "load"](number);
        } catch (error) {
          if (!(error instanceof FencedError || error instanceof ConfigurationError)) throw error;
        }
        world.check();
      }
    }),
    { ...seeded, numRuns: 500 },
  );
});
