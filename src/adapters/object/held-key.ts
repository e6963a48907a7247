import type { DoneRange } from "../../checkpoints/checkpoint.ts";
import type { FinishedCounts } from "../../report-types.ts";
import type { CommitMark } from "../../checkpoints/commit-mark.ts";
import type { KeptKey, WritePlan } from "../../checkpoints/plan-commit.ts";
import { FencedError } from "../../errors.ts";
import { leaveOpen } from "../../retry/open-outcome.ts";
import {
  countsOf,
  type Found,
  type KeptFolder,
  type Mark,
  type Part,
  withDone,
} from "./kept-folder.ts";
import { type PartName, partName, partOf } from "./names.ts";
import { ObjectError } from "./object-error.ts";
import type { ObjectStore } from "./store.ts";

/** Rows as the bytes of an object. */
export interface EncodedRows {
  readonly bytes: Uint8Array;
  readonly rows: number;
  /** The ending of its name, without the dot. */
  readonly ending: string;
  readonly contentType: string;
}

/** A key that a run of this process has claimed, with all that counts of it. */
export class HeldKey {
  readonly folder: KeptFolder;
  readonly runId: string;
  readonly epoch: number;
  /** The number of the newest mark. */
  sequence: number;
  mark: Mark;
  readonly parts: Map<string, Part>;
  readonly #store: ObjectStore;
  /** Parts whose put was begun, and of which nobody knows yet whether they are there. */
  readonly #open = new Map<string, CommitMark>();

  constructor(store: ObjectStore, folder: KeptFolder, runId: string, found: Found) {
    this.#store = store;
    this.folder = folder;
    this.runId = runId;
    this.epoch = found.epoch;
    this.sequence = found.sequence;
    this.mark = found.mark;
    this.parts = new Map(found.parts);
  }

  /** Returns the stored state, in the form that the rules of a commit need. */
  get kept(): KeptKey {
    return keptOf(this.mark, this.runId);
  }

  /**
   * Checks that no other run has taken the key. What was put before is found by any run that takes it
   * later; so what was put counts if this does not throw.
   */
  async checkOwner(signal?: AbortSignal): Promise<void> {
    const newest = await this.folder.newestEpoch(signal);
    if (newest <= this.epoch) return;
    throw new FencedError(this.folder.key, (await this.folder.claimOf(newest, signal))?.runId);
  }

  /** Puts the mark of a plan; `false` if there is one of its number. */
  async putMark(plan: (kept: KeptKey) => WritePlan): Promise<boolean> {
    const { folder, epoch, runId, parts, mark: before } = this;
    const { next: checkpoint, loadedBy } = plan(this.kept);
    const mark = { checkpoint, loadedBy };
    const first = { runId, parts: parts.keys() };
    if (!await folder.putMark(epoch, ++this.sequence, mark, first)) return false;
    if (this.mark === before) this.mark = mark;
    else { // Parts were stored in between, which speak for themselves.
      const { next: checkpoint, loadedBy } = plan(this.kept);
      this.mark = { checkpoint, loadedBy };
    }
    if (this.sequence > 1) await folder.cleanMark(epoch, this.sequence - 1);
    return true;
  }

  /** The name of the part of a load. */
  nameOf({ ranges, isMarked }: CommitMark, { rows, ending }: EncodedRows): string {
    const from = ranges.reduce((least, [from]) => Math.min(least, from), Infinity);
    const to = ranges.reduce((most, [, to]) => Math.max(most, to), 0);
    const { epoch } = this;
    return partName({ from: Math.min(from, to), to, rows, epoch, isUnmarked: !isMarked }, ending);
  }

  /**
   * Finds out what has become of parts that have items of other ranges, and whose put has failed or
   * goes on: an object without bytes takes the place of one that is not there yet, and keeps it out.
   */
  async settle(name: string | undefined, ranges: readonly DoneRange[]): Promise<void> {
    for (const [other, mark] of [...this.#open]) {
      if (other === name || !overlap(ranges, mark.ranges)) continue;
      const isVoid = await this.#store.put(this.folder.path + other, new Uint8Array(0), {
        ifAbsent: true,
      });
      const bytes = isVoid ? 0 : await this.#sizeOf(other);
      if (bytes > 0) this.#add(other, bytes, mark);
      this.#open.delete(other);
    }
  }

  /** Puts the part of a load. Once it is there, what it completes is finished. */
  async putPart(name: string, rows: EncodedRows, mark: CommitMark): Promise<void> {
    const { bytes, contentType } = rows;
    const { ranges, counts } = mark;
    const told = countsOf(partOf(name) as PartName);
    const [only] = ranges;
    const isTold = ranges.length === 1 && only![2] === undefined && isSame(counts, told);
    this.#open.set(name, mark); // At once, so that other parts of these items keep this one out.
    if (!isTold) await this.folder.putDone(this.epoch, name, { ranges, counts });
    const path = this.folder.path + name;
    try {
      const isNew = await this.#store.put(path, bytes, { ifAbsent: true, contentType });
      if (!isNew) await this.#checkSame(path, bytes);
    } catch (error) {
      throw leaveOpen(error);
    }
    this.#open.delete(name);
    this.#add(name, bytes.length, mark);
  }

  /**
   * Takes away a part that was put, and of which the marks tell no more: else its items were finished
   * without it. What it completed goes last, as that of a part that is there has to be known.
   */
  async removePart(name: string, mark: CommitMark): Promise<void> {
    this.#open.set(name, mark); // It may be there if this fails.
    this.parts.delete(name);
    await this.#store.delete(this.folder.path + name);
    this.#open.delete(name);
    await this.folder.cleanDone(this.epoch, name);
  }

  #add(name: string, bytes: number, { ranges, counts, isMarked, runId }: CommitMark): void {
    if (this.parts.has(name)) return;
    this.parts.set(name, { ...partOf(name) as PartName, name, bytes });
    if (isMarked) this.mark = withDone(this.mark, { ranges, counts }, runId, Date.now());
  }

  async #sizeOf(name: string): Promise<number> {
    const found = await this.#store.get(this.folder.path + name);
    await found?.body.cancel();
    return found?.size ?? 0;
  }

  /** An earlier attempt has put the same, although nobody has heard of it. */
  async #checkSame(path: string, bytes: Uint8Array): Promise<void> {
    const found = await this.#store.get(path);
    const there = new Uint8Array(await new Response(found?.body as BodyInit).arrayBuffer());
    if (there.length === bytes.length && there.every((byte, at) => byte === bytes[at])) return;
    const told = "there is one already that holds something else";
    throw new ObjectError(`Cannot put object ${JSON.stringify(path)}: ${told}`);
  }
}

/** Returns the state stored for a key, in the form that the rules of a commit need. */
export function keptOf({ checkpoint, loadedBy }: Mark, owner: string | undefined): KeptKey {
  return { owner, loadedBy, stored: () => checkpoint };
}

function isSame(a: FinishedCounts | undefined, b: FinishedCounts): boolean {
  return a?.loaded === b.loaded && a.skipped === b.skipped && a.deadLettered === b.deadLettered;
}

function overlap(some: readonly DoneRange[], others: readonly DoneRange[]): boolean {
  return some.some(([from, to]) => others.some(([start, end]) => from < end && start < to));
}
