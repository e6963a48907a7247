import { describe, expect, it } from "vitest";
import {
  blankCheckpoint,
  checkCheckpoint,
  type Checkpoint,
  type DoneRange,
} from "../../../src/checkpoints/checkpoint.ts";
import { ClaimRegistry } from "../../../src/checkpoints/claim-registry.ts";
import type { CommitMark } from "../../../src/checkpoints/commit-mark.ts";
import {
  type KeptKey,
  planCommit,
  planUndo,
  planWrite,
} from "../../../src/checkpoints/plan-commit.ts";
import { ConfigurationError, FencedError } from "../../../src/errors.ts";

const key = "users";
const stored: Checkpoint = { offset: 2, done: [[4, 6]], updatedAt: 1, runId: "one" };

function keptOf(checkpoint?: Checkpoint, owner?: string, loadedBy?: string): KeptKey {
  return { owner, loadedBy, stored: () => checkpoint };
}

function markOf(ranges: DoneRange[], more: Partial<CommitMark> = {}): CommitMark {
  return { key, runId: "one", ranges, isMarked: true, ...more };
}

function claimsOf(runId = "one", found?: Checkpoint): ClaimRegistry {
  const claims = new ClaimRegistry();
  claims.onClaimed(key, runId, found);
  return claims;
}

const unreadable = (owner?: string): KeptKey => ({
  owner,
  stored: () => {
    throw new Error("unreadable");
  },
});

describe("planCommit()", () => {
  it("adds what the load completes to what is stored, with the run and the time", () => {
    const plan = planCommit(markOf([[2, 4, "d"]]), keptOf(stored, "one"), claimsOf(), 9);
    const next = { offset: 6, done: [], updatedAt: 9, runId: "one" };
    expect(plan).toEqual({ before: stored, write: { next, loadedBy: "one" } });
  });

  it("begins with nothing finished where nothing is stored", () => {
    const plan = planCommit(markOf([[0, 3, "c"]]), keptOf(undefined, "one"), claimsOf(), 9);
    const next = { offset: 3, done: [], position: "c", updatedAt: 9, runId: "one" };
    expect(plan).toEqual({ before: blankCheckpoint, write: { next, loadedBy: "one" } });
  });

  it("skips what is finished, and nothing that is finished in part or completes nothing", () => {
    const planOf = (ranges: DoneRange[]) =>
      planCommit(markOf(ranges), keptOf(stored, "one"), claimsOf());
    expect(planOf([[0, 2], [5, 6]])).toBe("skip");
    expect(planOf([[0, 3]])).not.toBe("skip");
    expect(planOf([])).not.toBe("skip");
  });

  it("plans no mark where that is left to the run, and skips what was committed so before", () => {
    const claims = claimsOf();
    const mark = markOf([[2, 4]], { isMarked: false });
    const planOf = (mark: CommitMark) => planCommit(mark, keptOf(stored, "one"), claims);
    expect(planOf(mark)).toEqual({ before: stored, write: undefined });
    claims.onCommitted(mark, undefined);
    expect(planOf(mark)).toBe("skip");
    expect(planOf({ ...mark, ranges: [[2, 3]] })).toBe("skip");
    expect(planOf({ ...mark, ranges: [[2, 5]] })).not.toBe("skip");
    expect(planOf({ ...mark, isMarked: true })).not.toBe("skip"); // The rows are, the mark is not.
    claims.onReleased(key, "one");
    claims.onClaimed(key, "one", stored);
    expect(planOf(mark)).not.toBe("skip");
  });

  it("fences a run whose key another one owns, also for what is finished", () => {
    const fenced = new FencedError(key, "two");
    for (const ranges of [[[0, 2]], [[2, 4]]] satisfies DoneRange[][]) {
      const planning = () => planCommit(markOf(ranges), keptOf(stored, "two"), claimsOf());
      expect(planning).toThrow(fenced);
    }
    expect(() => planCommit(markOf([[2, 4]]), unreadable("two"), claimsOf())).toThrow(fenced);
  });

  it("fences a run that has released its key", () => {
    const claims = claimsOf();
    claims.onReleased(key, "one");
    expect(() => planCommit(markOf([[2, 4]]), keptOf(stored), claims))
      .toThrow(new FencedError(key));
  });

  it("rejects a run that has claimed its key elsewhere", () => {
    expect(() => planCommit(markOf([[2, 4]]), keptOf(stored), new ClaimRegistry())).toThrow(
      new ConfigurationError(
        "Cannot load rows as 'checkpoints' must be those of the sink: " +
          'current value is "another store"',
      ),
    );
  });

  it("rejects a load with a hand-made context of a run that has claimed its key elsewhere", () => {
    const mark = markOf([[2, 4]], { isByHand: true });
    expect(planCommit(mark, keptOf(stored, "one"), claimsOf())).not.toBe("skip");
    expect(() => planCommit(mark, keptOf(stored, "one"), new ClaimRegistry()))
      .toThrow(ConfigurationError);
  });

  it("fences a run that would load a part of what another one has finished", () => {
    const mark = markOf([[3, 5]], { runId: "two" });
    const planOf = (mark: CommitMark) => planCommit(mark, keptOf(stored, "two"), claims);
    const claims = claimsOf("two", stored);
    expect(() => planOf(mark)).toThrow(new FencedError(key, "one"));
    expect(planOf({ ...mark, ranges: [[2, 4]] })).toMatchObject({ write: { loadedBy: "two" } });
  });

  it("fences a run after another one has finished what was not there at its claim", () => {
    const claims = claimsOf("two", { ...stored, done: [] });
    const mark = markOf([[8, 9]], { runId: "two" });
    expect(() => planCommit(mark, keptOf(stored, "two"), claims))
      .toThrow(new FencedError(key, "one"));
    claims.onClaimed(key, "two", stored); // A renewal: the first claim counts.
    expect(() => planCommit(mark, keptOf(stored, "two"), claims)).toThrow(FencedError);
  });

  it("lets a run load a batch of which it has given up on some items", () => {
    const plan = planCommit(markOf([[0, 8]]), keptOf(stored, "one"), claimsOf());
    expect(plan).toMatchObject({ write: { next: { offset: 8, done: [] } } });
  });
});

describe("planWrite()", () => {
  const checkpoint: Checkpoint = { offset: 3, done: [], updatedAt: 7, runId: "one" };

  it("replaces what the run itself has written", () => {
    expect(planWrite(key, checkpoint, keptOf(stored, "one")))
      .toEqual({ next: checkpoint, loadedBy: undefined });
    expect(planWrite(key, checkpoint, keptOf(undefined)))
      .toEqual({ next: checkpoint, loadedBy: undefined });
  });

  it("keeps the marks that loads of the run have committed", () => {
    const { next, loadedBy } = planWrite(key, checkpoint, keptOf(stored, "one", "one"));
    expect(next).toEqual({ ...checkpoint, done: [[4, 6]] });
    expect(loadedBy).toBe("one");
  });

  it("fences a run whose key another one owns", () => {
    expect(() => planWrite(key, checkpoint, unreadable("two"))).toThrow(
      new FencedError(key, "two"),
    );
  });

  it("fences a run that lacks what another one has finished", () => {
    const kept = keptOf({ ...stored, runId: "two" }, "one", "two");
    expect(() => planWrite(key, checkpoint, kept)).toThrow(new FencedError(key, "two"));
    const more = { ...checkpoint, offset: 6 };
    expect(planWrite(key, more, kept)).toEqual({ next: more, loadedBy: undefined });
  });

  it("replaces anything by a checkpoint of no run, also what cannot be read", () => {
    const { runId: _, ...byHand } = checkpoint;
    expect(planWrite(key, byHand, unreadable())).toEqual({ next: byHand, loadedBy: undefined });
    expect(() => planWrite(key, byHand, unreadable("one"))).toThrow(FencedError);
    expect(() => planWrite(key, checkpoint, unreadable())).toThrow("unreadable");
  });
});

describe("planUndo()", () => {
  it("takes a mark back, and leaves all that others have finished", () => {
    const before = { offset: 2, done: [[3, 4, "d"]] as const, position: "b", updatedAt: 1 };
    const now = { ...before, done: [[3, 4, "d"], [5, 8, "h"], [9, 10, "j"]] as const };
    const plan = planUndo(markOf([[5, 7]]), before, keptOf(now, "one"), claimsOf());
    const next = { ...before, done: [[3, 4, "d"], [7, 8, "h"], [9, 10, "j"]] };
    expect(plan).toEqual({ next, loadedBy: "one" });
    expect(checkCheckpoint(key, plan.next)).toBe(plan.next);
  });

  it("leaves what another worker has finished below it since", () => {
    const before = { offset: 2, done: [], position: "b", updatedAt: 1 };
    const now = { ...before, offset: 8, position: "h" };
    const { next } = planUndo(markOf([[5, 8]]), before, keptOf(now, "one"), claimsOf());
    expect(next).toEqual({ ...before, done: [[2, 5, null]] });
    expect(checkCheckpoint(key, next)).toBe(next);
  });

  it("goes back to where the watermark was", () => {
    const now = { ...stored, offset: 6, done: [], position: "f" };
    const { next } = planUndo(markOf([[2, 4]]), stored, keptOf(now, "one"), claimsOf());
    expect(next).toEqual({ ...stored, done: [[4, 6, "f"]] });
  });

  it("fences a run that does not own the key any more", () => {
    const planning = () => planUndo(markOf([[2, 4]]), stored, keptOf(stored, "two"), claimsOf());
    expect(planning).toThrow(new FencedError(key, "two"));
  });
});
