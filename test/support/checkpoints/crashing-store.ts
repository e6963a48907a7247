import {
  advance,
  blankCheckpoint,
  type Checkpoint,
  type CheckpointStore,
  type Claim,
  covers,
  type DoneRange,
} from "../../../src/checkpoints/checkpoint.ts";
import { FencedError } from "../../../src/errors.ts";
import { wait } from "../run/time.ts";

/** What outlives a crash: a checkpoint, and whose it is. It tells when something is forgotten. */
export class Disk {
  checkpoint: Checkpoint | undefined;
  /** Why it is not what it should be. */
  readonly problems: string[] = [];
  #owner: Claim | undefined;

  /** Makes a run the owner, if nobody else is by then. */
  claim(claim: Claim, now: number): Claim {
    const isFree = this.#owner === undefined || this.#owner.until <= now;
    if (isFree || this.#owner!.runId === claim.runId) this.#owner = claim;
    return this.#owner!;
  }

  /** Frees the key; who was the last owner is not forgotten. */
  release(runId: string): void {
    if (this.#owner?.runId === runId) this.#owner = { runId, until: -Infinity };
  }

  /** Keeps a checkpoint of the owner. */
  write(checkpoint: Checkpoint): void {
    this.check(checkpoint.runId);
    const before = this.checkpoint ?? blankCheckpoint;
    if (!covers(checkpoint, rangesOf(before))) {
      this.problems.push(`${JSON.stringify(checkpoint)} forgets of ${JSON.stringify(before)}`);
    }
    if (checkpoint.offset < before.offset) this.problems.push("the watermark went down");
    this.checkpoint = checkpoint;
  }

  /** @throws {FencedError} If a run is not the owner. */
  check(runId: string | undefined): void {
    if (this.#owner?.runId !== runId) throw new FencedError("numbers", this.#owner?.runId);
  }
}

function rangesOf({ offset, position, done }: Checkpoint): readonly DoneRange[] {
  return offset === 0 ? done : [[0, offset, position], ...done];
}

/** The store of one process, which ends when the process does: without a word, at any moment. */
export class Life implements CheckpointStore {
  readonly #disk: Disk;
  readonly #delays: readonly number[];
  readonly #isMerging: boolean;
  #calls = 0;
  #end: "dies" | "is cut off" | undefined;

  /** Loads commit to a store that merges. */
  constructor(disk: Disk, delays: readonly number[], isMerging: boolean) {
    this.#disk = disk;
    this.#delays = delays;
    this.#isMerging = isMerging;
  }

  /** From now on nothing of it lasts; or it hears of nothing, while its loads go on. */
  end(how: "dies" | "is cut off"): void {
    this.#end = how;
  }

  /** @throws {Error} If the process is dead: whoever calls is not there any more. */
  check(): void {
    if (this.#end === "dies") throw new Error("The process is dead");
  }

  read(_: string): Promise<Checkpoint | undefined> {
    return this.#call(() => this.#disk.checkpoint);
  }

  write(_: string, checkpoint: Checkpoint): Promise<void> {
    return this.#call(() => {
      const stored = this.#disk.checkpoint;
      const isMerged = this.#isMerging && stored !== undefined;
      this.#disk.write(isMerged ? advance(checkpoint, rangesOf(stored)) : checkpoint);
    });
  }

  claim(_: string, claim: Claim, now: number): Promise<Claim> {
    return this.#call(() => this.#disk.claim(claim, now));
  }

  release(_: string, runId: string): Promise<void> {
    return this.#call(() => this.#disk.release(runId));
  }

  /** Does `insert` and marks what it completes, or neither. */
  commit(runId: string, ranges: readonly DoneRange[], insert: () => void): void {
    this.check();
    this.#disk.check(runId);
    const before = this.#disk.checkpoint ?? blankCheckpoint;
    if (covers(before, ranges)) return;
    insert();
    this.#disk.write({ ...advance(before, ranges), runId, updatedAt: Date.now() });
  }

  /** A call takes its time on the way there and on the way back. */
  async #call<R>(act: () => R): Promise<R> {
    await this.#wait();
    if (this.#end === "is cut off") await wait(300);
    this.check();
    const result = act();
    await this.#wait();
    this.check();
    return result;
  }

  async #wait(): Promise<void> {
    const delay = this.#delays[this.#calls++ % this.#delays.length]!;
    if (delay > 0) await wait(delay);
  }
}
