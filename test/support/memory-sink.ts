import { FencedError } from "../../src/errors.ts";
import {
  advance,
  blankCheckpoint,
  type Checkpoint,
  type CheckpointStore,
  type Claim,
  commitsTo,
  covers,
  type DoneRange,
} from "../../src/resilience/checkpoint.ts";
import type { DeadLetter } from "../../src/resilience/dead-letter.ts";
import { Claimants, type Mark } from "../../src/resilience/mark.ts";
import { MemoryCheckpointStore } from "../../src/resilience/memory-checkpoint-store.ts";

export type Row = { readonly id: number; readonly name: string };
type Batch = { key?: string; ranges?: readonly DoneRange[]; attempt: number };

/** A sink whose rows and checkpoint are one commit, in memory; each method is one step of it. */
export class MemorySink {
  readonly table = new Map<number, Row>();
  readonly letters: DeadLetter[] = [];
  readonly store: MemoryCheckpointStore = new MemoryCheckpointStore();
  readonly owners = new Map<string, string>();
  readonly checkpoints: CheckpointStore = {
    read: (key) => this.store.read(key),
    write: (key, checkpoint) => this.write(key, checkpoint),
    claim: (key, claim, now) => this.claim(key, claim, now),
    release: (key, runId) => this.store.release(key, runId),
  };
  readonly load: (rows: Row[], context: { runId: string; batch: Batch }) => Promise<void>;

  constructor() {
    const load = async (rows: Row[], { runId, batch }: { runId: string; batch: Batch }) => {
      await this.begin();
      this.commit(rows, runId, batch);
    };
    this.load = this.link(load);
  }

  link(load: MemorySink["load"]): MemorySink["load"] {
    return Object.assign(load, { [commitsTo]: this.checkpoints });
  }

  async begin(): Promise<void> {
    await undefined; // As a database would.
  }

  commit(rows: Row[], runId: string, { key, ranges = [], attempt }: Batch): void {
    if (key === undefined) return this.insert(rows);
    this.checkOwner(key, runId);
    const checkpoint = this.store.read(key) ?? blankCheckpoint;
    if (this.isDone(checkpoint, ranges, attempt)) return;
    this.checkMark({ key, runId, ranges }, checkpoint);
    this.insert(rows);
    this.mark(key, runId, advance(checkpoint, ranges));
  }

  checkOwner(key: string, runId: string): void {
    const owner = this.owners.get(key);
    if (owner !== undefined && owner !== runId) throw new FencedError(key, owner);
  }

  isDone(checkpoint: Checkpoint, ranges: readonly DoneRange[], _attempt: number): boolean {
    return covers(checkpoint, ranges);
  }

  checkMark(mark: Mark, checkpoint: Checkpoint): void {
    new Claimants().check(mark, checkpoint);
  }

  insert(rows: Row[]): void {
    const ids = new Set([...this.table.keys(), ...rows.map(({ id }) => id)]);
    if (ids.size < this.table.size + rows.length) throw new Error("There is such a row already");
    for (const row of rows) this.table.set(row.id, row);
  }

  mark(key: string, runId: string, checkpoint: Checkpoint): void {
    this.store.write(key, { ...checkpoint, updatedAt: 1, runId });
  }

  claim(key: string, claim: Claim, now: number): Claim {
    const held = this.store.claim(key, claim, now);
    this.owners.set(key, held.runId);
    return held;
  }

  write(key: string, checkpoint: Checkpoint): void {
    const stored = this.store.read(key) ?? blankCheckpoint;
    const { offset, done, position } = checkpoint;
    const ranges = [[0, offset, position] as const, ...done].filter(([from, to]) => from < to);
    this.store.write(key, { ...checkpoint, ...advance(stored, ranges) });
  }

  deadLetters(): WritableStream<DeadLetter> {
    return new WritableStream({ write: (letter) => void this.letters.push(letter) });
  }

  rows(): Row[] {
    return [...this.table.values()].reverse();
  }

  close(): void {}
}
