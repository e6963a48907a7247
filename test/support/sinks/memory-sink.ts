import type { TestedSink } from "../../../src/adapters/testing.ts";
import { ConfigurationError, FencedError } from "../../../src/errors.ts";
import {
  advance,
  blankCheckpoint,
  type Checkpoint,
  type CheckpointStore,
  type Claim,
  commitsTo,
  covers,
  type DoneRange,
  type FinishedCounts,
  sumOf,
  withCounts,
} from "../../../src/checkpoints/checkpoint.ts";
import type { DeadLetter } from "../../../src/dead-letters/dead-letter.ts";
import { ClaimRegistry } from "../../../src/checkpoints/claim-registry.ts";
import type { CommitMark } from "../../../src/checkpoints/commit-mark.ts";
import type { SinkLoadContext } from "../../../src/checkpoints/load-context.ts";
import { MemoryCheckpointStore } from "../../../src/checkpoints/memory-checkpoint-store.ts";
import { sinkLoads } from "../../../src/checkpoints/sink-loads.ts";

export type Row = { readonly id: number; readonly name: string };
type Batch = {
  key?: string;
  ranges?: readonly DoneRange[];
  counts?: FinishedCounts;
  attempt: number;
};
type Context = Omit<SinkLoadContext, "batch"> & { batch: Batch };

/** A sink whose rows and checkpoint are one commit, in memory; each method is one step of it. */
export class MemorySink {
  readonly table = new Map<number, Row>();
  readonly letters: DeadLetter[] = [];
  readonly store: MemoryCheckpointStore = new MemoryCheckpointStore();
  readonly owners = new Map<string, string>();
  readonly claims = new ClaimRegistry();
  readonly checkpoints: CheckpointStore = {
    read: (key) => this.store.read(key),
    write: (key, checkpoint) => this.write(key, checkpoint),
    claim: (key, claim, now) => this.claim(key, claim, now),
    release: (key, runId) => this.store.release(key, runId),
  };
  readonly load: (rows: Row[], context: Context) => unknown;
  readonly wrap: NonNullable<TestedSink["wrap"]>;
  columns: ReadonlySet<string> | undefined = new Set(["id", "name"]); // None, if there is no table.
  known: { columns: ReadonlySet<string>; runId: string } | undefined;
  isLosing = false;

  constructor() {
    const { load, wrap } = sinkLoads(this.checkpoints, (rows, context, isMarked) => {
      this.check(rows as Row[], context.runId);
      return () => this.send(rows as Row[], context as Context, isMarked);
    });
    this.load = load as typeof this.load;
    this.wrap = wrap as unknown as typeof this.wrap;
  }

  link(load: MemorySink["load"]): MemorySink["load"] {
    return Object.assign(load, { [commitsTo]: this.checkpoints });
  }

  check(rows: Row[], runId: string): void {
    if (this.columns === undefined) throw new ConfigurationError("There is no table");
    if (this.known?.runId !== runId) this.known = { columns: this.columns, runId };
    this.refuse(rows.filter((row) => Object.keys(row).some((key) => !this.knows(key))));
  }

  knows(property: string): boolean {
    return this.known!.columns.has(property);
  }

  refuse(rows: Row[]): void {
    if (rows.length > 0) throw new Error("There is no such column");
  }

  async send(rows: Row[], { runId, batch }: Context, isMarked: boolean): Promise<void> {
    await this.begin();
    this.commit(rows, runId, batch, isMarked);
    try {
      this.answer();
    } catch (error) {
      if (!isMarked || !this.hasMark(batch)) throw error;
    }
  }

  async begin(): Promise<void> {
    await undefined; // As a database would.
  }

  answer(): void {
    if (!this.isLosing) return;
    this.isLosing = false;
    throw new Error("The answer was lost");
  }

  hasMark({ key, ranges = [] }: Batch): boolean {
    return key !== undefined && covers(this.store.read(key) ?? blankCheckpoint, ranges);
  }

  commit(rows: Row[], runId: string, batch: Batch, isMarked = true): void {
    const { key, ranges = [], counts, attempt } = batch;
    if (key === undefined) return this.insert(rows);
    this.checkOwner(key, runId);
    const checkpoint = this.store.read(key) ?? blankCheckpoint;
    if (this.isDone(checkpoint, ranges, attempt)) return;
    const mark = { key, runId, ranges, isMarked };
    this.checkMark(mark, checkpoint);
    if (isMarked) {
      this.insert(rows);
      return this.mark(key, runId, advance(checkpoint, ranges, counts));
    }
    if (this.isKnown(mark)) return;
    this.insert(rows);
    this.claims.onCommitted(mark, undefined);
  }

  isKnown(mark: CommitMark): boolean {
    return this.claims.hasUnmarked(mark);
  }

  checkOwner(key: string, runId: string): void {
    const owner = this.owners.get(key);
    if (owner !== undefined && owner !== runId) throw new FencedError(key, owner);
  }

  isDone(checkpoint: Checkpoint, ranges: readonly DoneRange[], _attempt: number): boolean {
    return covers(checkpoint, ranges);
  }

  checkMark(mark: CommitMark, checkpoint: Checkpoint): void {
    new ClaimRegistry().checkMark(mark, checkpoint);
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

  countsOf(checkpoint: Checkpoint, stored: Checkpoint): FinishedCounts {
    return sumOf(stored.counts, sumOf(checkpoint.unmarked, stored.unmarked, -1));
  }

  write(key: string, checkpoint: Checkpoint): void {
    const stored = this.store.read(key) ?? blankCheckpoint;
    const { offset, done, position } = checkpoint;
    const ranges = [[0, offset, position] as const, ...done].filter(([from, to]) => from < to);
    const { offset: to, done: later, position: at } = advance(stored, ranges);
    const next = { ...checkpoint, offset: to, done: later };
    const written = at === undefined ? next : { ...next, position: at };
    this.store.write(key, withCounts(written, this.countsOf(checkpoint, stored)));
  }

  deadLetters(): WritableStream<DeadLetter> {
    return new WritableStream({ write: (letter) => void this.letters.push(letter) });
  }

  rows(): Row[] {
    return [...this.table.values()].reverse();
  }

  dropTable(): void {
    this.columns = undefined;
  }

  addColumn(name: string): void {
    this.columns = new Set([...this.columns ?? [], name]);
  }

  loseAnswer(): void {
    this.isLosing = true;
  }

  close(): void {}
}
