import { describe, expect, it } from "vitest";
import { blankCheckpoint } from "../../src/checkpoints/checkpoint.ts";
import { ClaimRegistry } from "../../src/checkpoints/claim-registry.ts";
import type { CommitMark } from "../../src/checkpoints/commit-mark.ts";
import { ConfigurationError, FencedError } from "../../src/errors.ts";

const markOf = (more: Partial<CommitMark> = {}): CommitMark => ({
  ...{ key: "a", runId: "one", ranges: [[0, 3]], isMarked: true },
  ...more,
});
const upTo = (offset: number, runId = "one") => ({ ...blankCheckpoint, offset, runId });

/** A registry in which run `one` has claimed key `a`. */
function claimed(): ClaimRegistry {
  const registry = new ClaimRegistry();
  registry.onClaimed("a", "one", undefined);
  return registry;
}

describe("ClaimRegistry", () => {
  it("fences a load if a second run of the same pipeline owns its key", () => {
    const check = (owner?: string) => claimed().checkOwner(markOf(), owner);
    expect(() => check("two")).toThrow(new FencedError("a", "two"));
    expect(() => check(undefined)).toThrow(FencedError);
    expect(() => check("one")).not.toThrow();
  });

  it("rejects a load whose run has claimed its key in another store", () => {
    expect(() => new ClaimRegistry().checkOwner(markOf(), undefined)).toThrow(
      "'checkpoints' must be those of the sink: current value is \"another store\"",
    );
  });

  it("fences a load if another run has had its key in the same process", () => {
    const registry = claimed();
    registry.onClaimed("a", "two", undefined);
    registry.onReleased("a", "two");
    expect(() => registry.checkOwner(markOf(), undefined)).toThrow(FencedError);
  });

  it("forgets what a run has committed once another one claims its key", () => {
    const registry = claimed();
    registry.onCommitted(markOf(), upTo(3));
    expect(registry.isKnown("a", upTo(3))).toBe(true);
    registry.onClaimed("a", "two", upTo(3));
    expect(registry.isKnown("a", upTo(3))).toBe(false);
  });

  it("rejects a copied context only if its run has not claimed the key here", () => {
    const byHand = markOf({ isByHand: true });
    expect(() => new ClaimRegistry().checkOwner(byHand, "one")).toThrow(ConfigurationError);
    expect(() => claimed().checkOwner(byHand, "one")).not.toThrow();
  });

  it("fences a mark if another run has finished something since the claim", () => {
    const registry = claimed();
    const next = markOf({ ranges: [[3, 5]] });
    expect(() => registry.checkMark(next, upTo(2, "two"))).toThrow(new FencedError("a", "two"));
    expect(() => registry.checkMark(next, upTo(0, "two"))).not.toThrow();
    expect(() => registry.checkMark(next, upTo(2))).not.toThrow();
  });

  it("fences a run that has its key back after another one has finished something", () => {
    const registry = claimed();
    registry.onClaimed("a", "one", upTo(2, "two")); // What it found the first time counts.
    const next = markOf({ ranges: [[3, 5]] });
    expect(() => registry.checkMark(next, upTo(2, "two"))).toThrow(new FencedError("a", "two"));
  });

  it("fences a mark of items that an earlier run has finished", () => {
    const registry = new ClaimRegistry();
    registry.onClaimed("a", "one", upTo(2, "two"));
    expect(() => registry.checkMark(markOf(), upTo(2, "two"))).toThrow(FencedError);
    const own = { ...upTo(2), done: [[5, 7]] } as const; // After a load of its own as well.
    expect(() => registry.checkMark(markOf({ ranges: [[1, 3]] }), own)).toThrow(FencedError);
    expect(() => registry.checkMark(markOf({ ranges: [[2, 5]] }), upTo(2, "two"))).not.toThrow();
  });

  it("knows what loads have marked, until that is taken back or the key is released", () => {
    for (const forget of ["onUndone", "onReleased", undefined] as const) {
      const registry = claimed();
      registry.onCommitted(markOf(), upTo(3));
      if (forget === "onUndone") registry.onUndone(markOf());
      if (forget === "onReleased") registry.onReleased("a", "one");
      expect(registry.isKnown("a", upTo(3))).toBe(forget === undefined);
      expect(registry.isKnown("a", upTo(4))).toBe(false);
    }
  });

  it("knows loads without a mark by their run", () => {
    const registry = claimed();
    const unmarked = markOf({ isMarked: false });
    expect(registry.hasUnmarked(unmarked)).toBe(false);
    registry.onCommitted(unmarked, undefined);
    expect(registry.hasUnmarked(unmarked)).toBe(true);
    expect(registry.hasUnmarked({ ...unmarked, runId: "two" })).toBe(false);
    expect(registry.hasUnmarked({ ...unmarked, ranges: [[0, 4]] })).toBe(false);
  });
});
