import {
  blankCheckpoint,
  type Checkpoint,
  type CheckpointStore,
  type Claim,
  encodeCheckpoint,
} from "../../checkpoints/checkpoint.ts";
import { ClaimRegistry } from "../../checkpoints/claim-registry.ts";
import type { CommitMark } from "../../checkpoints/commit-mark.ts";
import {
  isMarkedIn,
  type KeptKey,
  planCommit,
  planUndo,
  planWrite,
} from "../../checkpoints/plan-commit.ts";
import { takeTurns } from "../../runtime/take-turns.ts";
import type { NatsKv } from "./client.ts";
import { claimKey, decodeKey, releaseKey } from "./kept-key.ts";
import { changeText, readText } from "./kept-value.ts";
import { keyToken } from "./key-token.ts";
import type { Head, Mark, MarkedStream } from "./marked-stream.ts";

/** Takes back a mark. */
type Undo = () => Promise<void>;

/** A key that a run of this process has claimed. */
interface Held {
  readonly runId: string;
  /** The last message that was seen of it. */
  readonly head: Head;
}

const noRows = new Uint8Array(0);

/**
 * The checkpoints of what is in a stream: the last message of the subject of a key has its mark. A
 * message is stored only behind the last one that its run has seen, so that of two runs one is told.
 */
export class NatsSinkCheckpoints implements Required<CheckpointStore> {
  readonly #stream: MarkedStream;
  readonly #kv: NatsKv;
  readonly #subject: string;
  readonly #claims = new ClaimRegistry();
  readonly #held = new Map<string, Held>();
  /** Keys of which a message may be on its way that nobody knows of. */
  readonly #unsure = new Set<string>();
  readonly #turns = new Map<string, object>();
  readonly #claimTurns = new Map<string, object>();

  /** Does nothing with the server yet. */
  constructor(stream: MarkedStream, kv: NatsKv, subject: string) {
    this.#stream = stream;
    this.#kv = kv;
    this.#subject = subject;
  }

  async read(key: string): Promise<Checkpoint | undefined> {
    return (await this.#stream.head(key)).mark().checkpoint;
  }

  /** Replaces the stored state, except what loads of the same run have committed. */
  async write(key: string, checkpoint: Checkpoint, signal?: AbortSignal): Promise<void> {
    encodeCheckpoint(checkpoint); // Throws for what JSON lacks.
    if (this.#claims.isKnown(key, checkpoint)) return;
    await this.#inTurn(key, async () => {
      await this.#mark(key, checkpoint.runId, (kept) => planWrite(key, checkpoint, kept), signal);
    }, signal);
  }

  async claim(key: string, claim: Claim, now: number, signal?: AbortSignal): Promise<Claim> {
    const path = await this.#pathOf(key);
    return await this.#inTurn(key, async () => {
      let before: Claim | undefined;
      const holder = await changeText(this.#kv, path, this.#claimTurns, (text) => {
        const kept = decodeKey(key, text);
        before = kept.claim;
        return claimKey(key, kept, claim, now);
      }, signal);
      const { runId } = claim;
      if (holder.runId !== runId) return holder;
      if (before !== undefined && before.runId !== runId) this.#unsure.add(key);
      const isRenewed = before?.runId === runId && this.#held.get(key)?.runId === runId;
      if (isRenewed) return holder;
      const head = await this.#settled(key);
      this.#held.set(key, { runId, head });
      this.#claims.onClaimed(key, runId, head.mark().checkpoint);
      return holder;
    }, signal);
  }

  async release(key: string, runId: string): Promise<void> {
    const path = await this.#pathOf(key);
    await this.#inTurn(key, async () => {
      const isHeld = this.#held.get(key)?.runId === runId;
      if (isHeld) await this.#settled(key);
      await changeText(this.#kv, path, this.#claimTurns, (text) => {
        return releaseKey(key, decodeKey(key, text), runId);
      });
      if (isHeld) this.#held.delete(key);
      this.#claims.onReleased(key, runId);
    });
  }

  /** Returns true if a batch is already in the stream. */
  async has(mark: CommitMark): Promise<boolean> {
    if (this.#claims.hasUnmarked(mark)) return true;
    const held = this.#heldBy(mark.key, mark.runId);
    const checkpoint = held === undefined ? await this.read(mark.key) : held.head.mark().checkpoint;
    return isMarkedIn(checkpoint ?? blankCheckpoint, mark);
  }

  /**
   * Stores a batch with its mark, or a mark alone if there are no rows. Returns the function that
   * undoes it.
   */
  commit(mark: CommitMark, rows: Uint8Array | undefined): Promise<Undo | undefined> {
    const { key, runId } = mark;
    return this.#inTurn(key, async () => {
      for (;;) {
        const { head, kept } = await this.#look(key, runId);
        const plan = planCommit(mark, kept, this.#claims);
        if (plan === "skip") return undefined;
        const { before, write } = plan;
        if (rows !== undefined || write !== undefined) {
          const next = write && { checkpoint: write.next, loadedBy: write.loadedBy };
          const stored = await this.#append(key, head, rows ?? noRows, next ?? head.mark());
          if (stored === undefined) continue;
          this.#held.set(key, { runId, head: stored });
          this.#claims.onCommitted(mark, write?.next);
          if (!mark.isMarked) return undefined;
          return this.#undoOf(mark, before, rows && stored.seq);
        }
        this.#claims.onCommitted(mark, undefined);
        return undefined;
      }
    });
  }

  /** Made here, as a function made beside the rows would keep them for as long as it is kept. */
  #undoOf(mark: CommitMark, before: Checkpoint, seq: number | undefined): Undo {
    return () => this.#inTurn(mark.key, () => this.#takeBack(mark, before, seq));
  }

  /** Whoever has read the rows by then has them once more. */
  async #takeBack(mark: CommitMark, before: Checkpoint, seq: number | undefined): Promise<void> {
    const { key, runId } = mark;
    if (seq !== undefined) await this.#stream.remove(seq);
    this.#held.delete(key);
    await this.#mark(key, runId, (kept) => planUndo(mark, before, kept, this.#claims));
    this.#claims.onUndone(mark);
  }

  /** Stores a mark alone. */
  async #mark(
    key: string,
    runId: string | undefined,
    planOf: (kept: KeptKey) => { next: Checkpoint; loadedBy: string | undefined },
    signal?: AbortSignal,
  ): Promise<void> {
    for (;;) {
      const { head, kept } = await this.#look(key, runId);
      const { next: checkpoint, loadedBy } = planOf(kept);
      signal?.throwIfAborted();
      const stored = await this.#append(key, head, noRows, { checkpoint, loadedBy });
      if (stored === undefined) continue;
      if (runId !== undefined && kept.owner === runId) this.#held.set(key, { runId, head: stored });
      return;
    }
  }

  /** Returns the state of a key, as its run in this process or the server knows it. */
  async #look(key: string, runId: string | undefined): Promise<{ head: Head; kept: KeptKey }> {
    const held = this.#heldBy(key, runId);
    const owner = held?.runId ?? await this.#ownerOf(key);
    const head = held?.head ?? await this.#stream.head(key);
    return { head, kept: keptOf(head, owner) };
  }

  /** Appends a message. The held state is trusted until a message is rejected. */
  async #append(
    key: string,
    head: Head,
    data: Uint8Array,
    mark: Mark,
  ): Promise<Head | undefined> {
    this.#held.delete(key);
    this.#unsure.add(key);
    const stored = await this.#stream.append(key, head, data, mark);
    this.#unsure.delete(key);
    return stored;
  }

  /**
   * The last message, once no other one can come that was sent before: one without rows is stored
   * behind the last, so that those are refused.
   */
  async #settled(key: string): Promise<Head> {
    for (;;) {
      const head = await this.#stream.head(key);
      if (!this.#unsure.has(key)) return head;
      const stored = await this.#stream.append(key, head, noRows, head.mark());
      if (stored === undefined) continue;
      this.#unsure.delete(key);
      return stored;
    }
  }

  #heldBy(key: string, runId: string | undefined): Held | undefined {
    const held = this.#held.get(key);
    return held?.runId === runId ? held : undefined;
  }

  async #ownerOf(key: string): Promise<string | undefined> {
    return decodeKey(key, await readText(this.#kv, await this.#pathOf(key))).claim?.runId;
  }

  async #pathOf(key: string): Promise<string> {
    const action = "use a checkpoint";
    return `sink.${await keyToken(action, this.#subject)}.${await keyToken(action, key)}`;
  }

  #inTurn<R>(key: string, use: () => Promise<R>, signal?: AbortSignal): Promise<R> {
    let owner = this.#turns.get(key);
    if (owner === undefined) this.#turns.set(key, owner = {});
    return takeTurns(owner, use, signal);
  }
}

/** Returns the state stored for a key, in the form that the rules of a commit need. */
function keptOf(head: Head, owner: string | undefined): KeptKey {
  try {
    const { checkpoint, loadedBy } = head.mark();
    return { owner, loadedBy, stored: () => checkpoint };
  } catch {
    return { owner, stored: () => head.mark().checkpoint }; // Throws, where it matters.
  }
}
