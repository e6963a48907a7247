import {
  advance,
  blankCheckpoint,
  checkCheckpoint,
  type Checkpoint,
  type Claim,
  covers,
  decodeCheckpoint,
  type DoneRange,
  encodeCheckpoint,
} from "../../checkpoints/checkpoint.ts";
import { CheckpointError } from "../../errors.ts";
import type { FinishedCounts } from "../../report-types.ts";
import { ownFolder, type OwnName, ownName, ownOf, type PartName, partOf } from "./names.ts";
import { type ObjectStore, textIn } from "./store.ts";

/** A part that counts. */
export interface Part extends PartName {
  readonly name: string;
  readonly bytes: number;
}

/** Stored part of a checkpoint, apart from what the names of parts say. */
export interface Mark {
  readonly checkpoint: Checkpoint | undefined;
  /** The run whose loads wrote it last; absent if a write replaced it. */
  readonly loadedBy?: string | undefined;
}

/** Items that a part completes. */
export interface Done {
  readonly ranges: readonly DoneRange[];
  /** Outcome of the items. */
  readonly counts: FinishedCounts | undefined;
}

/** The first mark of an epoch. */
interface FirstMark extends Mark {
  /** The run that has begun the epoch. */
  readonly runId: string | undefined;
  /** The names of the parts of earlier epochs that count: what comes later does not. */
  readonly parts: readonly string[];
}

/** State stored for a key, as it was found. */
export interface Found {
  /** The number of the newest claim, 0 if there is none. */
  readonly epoch: number;
  /** The newest claim, unless it was given back. */
  readonly claim: Claim | undefined;
  /** The sequence of the newest mark of that epoch; -1 if it has none. */
  readonly sequence: number;
  readonly mark: Mark;
  readonly parts: ReadonlyMap<string, Part>;
  /** Names of objects that are useless once the epoch has a mark. */
  readonly outdated: readonly string[];
}

/**
 * The objects of one key, of which most are never written over. Each claim has a number, its epoch,
 * and each part the number of the claim under which it was put. A run that takes a key lists what is
 * there, and keeps what it has found in the first mark of its epoch. So a part of an earlier epoch that
 * arrives later does not count, however long it was on its way.
 */
export class KeptFolder {
  readonly key: string;
  /** The beginning of the names of its objects. */
  readonly path: string;
  readonly #store: ObjectStore;

  /** Reads nothing yet. */
  constructor(store: ObjectStore, key: string, path: string) {
    this.#store = store;
    this.key = key;
    this.path = path;
  }

  /** Looks at all that is kept. */
  async look(signal?: AbortSignal): Promise<Found> {
    for (;;) {
      const found = await this.#tryToLook(signal);
      if (found !== undefined) return found;
    }
  }

  /** The number of the newest claim, 0 if there is none. */
  async newestEpoch(signal?: AbortSignal): Promise<number> {
    let newest = 0;
    for await (const { key } of this.#store.list(`${this.path}${ownFolder}claim-`, signal)) {
      newest = Math.max(newest, ownOf(key.slice(this.path.length))?.epoch ?? 0);
    }
    return newest;
  }

  /** The claim of an epoch; `undefined` if it was given back, or is gone. */
  async claimOf(epoch: number, signal?: AbortSignal): Promise<Claim | undefined> {
    const text = await this.#textOf({ kind: "claim", epoch }, signal);
    const { runId, until, lease } = Object(JSON.parse(text ?? "{}")) as Record<string, unknown>;
    if (typeof runId !== "string") return undefined;
    return { runId, until: timeOf(until), ...(lease !== undefined && { lease: timeOf(lease) }) };
  }

  /** Begins an epoch for a run, or for nobody, unless it has begun; or renews its claim. */
  async putClaim(epoch: number, claim: Claim | undefined, ifAbsent: boolean): Promise<boolean> {
    const { runId, until, lease } = claim ?? {};
    return await this.#put({ kind: "claim", epoch }, { runId, until, lease }, ifAbsent);
  }

  /** Puts a mark, unless there is one of that number. With the first one stands what counts. */
  async putMark(
    epoch: number,
    sequence: number,
    mark: Mark,
    { runId, parts }: { runId: string | undefined; parts: Iterable<string> },
  ): Promise<boolean> {
    const { checkpoint, loadedBy } = mark;
    const text = {
      loadedBy,
      checkpoint: checkpoint && JSON.parse(encodeCheckpoint(checkpoint)),
      ...(sequence === 0 && { runId, parts: [...parts] }),
    };
    return await this.#put({ kind: "mark", epoch, sequence }, text, true);
  }

  /** Removes a mark that a later one of the same epoch has replaced. */
  async cleanMark(epoch: number, sequence: number): Promise<void> {
    await this.clean([ownName({ kind: "mark", epoch, sequence })]);
  }

  /** Keeps what a part completes where its name does not tell all of it. */
  async putDone(epoch: number, part: string, { ranges, counts }: Done): Promise<void> {
    const done = [...ranges].sort(([a], [b]) => a - b);
    const text = encodeCheckpoint({ offset: 0, done, updatedAt: 0 });
    await this.#put({ kind: "ranges", epoch, part }, { ...JSON.parse(text), counts }, false);
  }

  /** Removes what was kept of a part that is gone. */
  async cleanDone(epoch: number, part: string): Promise<void> {
    await this.clean([ownName({ kind: "ranges", epoch, part })]);
  }

  /** Removes what is of no use any more. What is left behind does no harm. */
  async clean(names: readonly string[]): Promise<void> {
    for (let at = 0; at < names.length; at += 16) {
      const some = names.slice(at, at + 16);
      await Promise.allSettled(some.map((name) => this.#store.delete(this.path + name)));
    }
  }

  async #tryToLook(signal?: AbortSignal): Promise<Found | undefined> {
    const files = new Map<string, OwnName>();
    const listed = new Map<string, number>();
    for await (const { key, size } of this.#store.list(this.path, signal)) {
      const name = key.slice(this.path.length);
      const known = ownOf(name);
      if (known !== undefined) files.set(name, known);
      listed.set(name, size);
    }
    const epoch = Math.max(
      0,
      ...[...files.values()].map(({ kind, epoch }) => kind === "claim" ? epoch : 0),
    );
    const marks = [...files.values()].filter((name) => name.kind === "mark");
    const marked = Math.max(-1, ...marks.map(({ sequence, epoch }) => sequence === 0 ? epoch : -1));
    const sequence = Math.max(
      -1,
      ...marks.map((mark) => mark.epoch === marked ? mark.sequence : -1),
    );
    const [first, newest] = sequence < 0 ? [blankMark, blankMark] : await Promise.all([
      this.#markOf(marked, 0, signal),
      this.#markOf(marked, sequence, signal),
    ]);
    if (first === undefined || newest === undefined) return undefined; // Removed since: it has changed.
    const { mark, parts } = await this.#count({ listed, files, marked, first, newest, signal });
    const claim = epoch === 0 ? undefined : await this.claimOf(epoch, signal);
    const outdated = [...listed.keys()].filter((name) => isOutdated(name, epoch));
    return { epoch, claim, sequence: marked === epoch ? sequence : -1, mark, parts, outdated };
  }

  /** Which parts count, and what they complete. */
  async #count({ listed, files, marked, first, newest, signal }: {
    readonly listed: ReadonlyMap<string, number>;
    readonly files: ReadonlyMap<string, OwnName>;
    readonly marked: number;
    readonly first: FirstMark;
    readonly newest: Mark;
    readonly signal: AbortSignal | undefined;
  }): Promise<{ mark: Mark; parts: Map<string, Part> }> {
    const before = newest.checkpoint ?? blankCheckpoint;
    const known = new Set(first.parts);
    const parts = new Map<string, Part>();
    const own: Part[] = [];
    for (const [name, bytes] of listed) {
      const told = partOf(name);
      if (told === undefined || bytes === 0) continue;
      if (known.has(name)) parts.set(name, { ...told, name, bytes });
      else if (told.epoch === marked) own.push({ ...told, name, bytes });
    }
    own.sort((a, b) => a.from - b.from); // Each then goes on where the last one ends, at no price.
    let mark: Mark = newest;
    for (let at = 0; at < own.length; at += 32) { // Which may each cost a request.
      const some = own.slice(at, at + 32);
      const all = await Promise.all(some.map((part) => this.#doneBy(part, files, before, signal)));
      some.forEach((part, index) => {
        const done = all[index]!;
        const isCovered = covers(before, done.ranges);
        if (part.isUnmarked && !isCovered) return;
        parts.set(part.name, part);
        if (!isCovered) mark = withDone(mark, done, first.runId, before.updatedAt);
      });
    }
    return { mark, parts };
  }

  /** Items that a part completes. */
  async #doneBy(
    part: Part,
    files: ReadonlyMap<string, OwnName>,
    before: Checkpoint,
    signal: AbortSignal | undefined,
  ): Promise<Done> {
    const { name, from, to, epoch } = part;
    const plain: Done = { ranges: [[from, to]], counts: countsOf(part) };
    const file: OwnName = { kind: "ranges", epoch, part: name };
    if (!files.has(ownName(file)) || covers(before, plain.ranges)) return plain;
    const text = await this.#textOf(file, signal);
    if (text === undefined) return plain;
    const { counts } = Object(JSON.parse(text)) as { counts?: FinishedCounts };
    return { ranges: decodeCheckpoint(this.key, text).done, counts };
  }

  async #markOf(
    epoch: number,
    sequence: number,
    signal: AbortSignal | undefined,
  ): Promise<FirstMark | undefined> {
    const text = await this.#textOf({ kind: "mark", epoch, sequence }, signal);
    if (text === undefined) return undefined;
    let value: Partial<FirstMark>;
    try {
      value = Object(JSON.parse(text)) as Partial<FirstMark>;
    } catch (cause) {
      throw new CheckpointError(this.key, "it is not JSON", { cause });
    }
    const { checkpoint, loadedBy, runId, parts = [] } = value;
    return {
      checkpoint: checkpoint === undefined ? undefined : checkCheckpoint(this.key, checkpoint),
      ...{ loadedBy, runId, parts },
    };
  }

  async #textOf(name: OwnName, signal: AbortSignal | undefined): Promise<string | undefined> {
    return await textIn(this.#store, this.path + ownName(name), signal);
  }

  async #put(name: OwnName, value: unknown, ifAbsent: boolean): Promise<boolean> {
    const bytes = new TextEncoder().encode(`${JSON.stringify(value)}\n`);
    const options = { ifAbsent, contentType: "application/json" };
    return await this.#store.put(this.path + ownName(name), bytes, options);
  }
}

/**
 * Returns the outcome of the items of a part, as its name says it: each is a row, or was left out.
 */
export function countsOf({ from, to, rows }: PartName): FinishedCounts {
  return { loaded: rows, skipped: to - from - rows, deadLettered: 0 };
}

/** A mark with what a part of a run has completed. */
export function withDone(
  { checkpoint: before = blankCheckpoint }: Mark,
  { ranges, counts }: Done,
  runId: string | undefined,
  updatedAt: number,
): Mark {
  const { unmarked, ...rest } = advance(before, ranges, counts);
  const isOwn = unmarked !== undefined && before.runId === runId;
  const more = { ...(isOwn && { unmarked }), ...(runId !== undefined && { runId }) };
  return { checkpoint: { ...rest, ...more, updatedAt }, loadedBy: runId };
}

const blankMark: FirstMark = { checkpoint: undefined, runId: undefined, parts: [] };

/** Returns true if a name belongs to an earlier epoch, even if that was never finished. */
function isOutdated(name: string, epoch: number): boolean {
  const [, of] = /^_millrace\/\w+-(\d{6,})\b/.exec(name) ?? [];
  return of !== undefined && Number(of) < epoch;
}

/** JSON has no Infinity, and makes it null. */
function timeOf(value: unknown): number {
  return typeof value === "number" ? value : Infinity;
}
