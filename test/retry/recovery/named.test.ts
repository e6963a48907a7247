import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BatchError, SplitError } from "../../../src/errors.ts";
import type { Members } from "../../../src/retry/recovery.ts";
import { outcomeOf, settle } from "../../support/outcomes/outcome.ts";
import { poisonedBy, policyWith, RecoveryWork } from "../../support/run/recovery-work.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const failure = new Error("full");
const patient = { maxAttempts: 3, jitter: "none", baseDelay: 10 } as const;

/** The items from `from` up to `to`, but for some. */
function range(from: number, to: number, without: readonly number[] = []): number[] {
  return Array.from({ length: to - from }, (_, n) => from + n).filter((n) => !without.includes(n));
}

describe("SplitError", () => {
  it("halves a batch until it is accepted, even without dead letters", async () => {
    for (const mayGiveUp of [true, false]) {
      const load = (members: Members) => {
        if (members.length > 3) throw new SplitError();
      };
      const policy = policyWith({ mayGiveUp, isolates: false, retry: patient });
      const work = await new RecoveryWork(load).run(10, policy);
      expect(work.loaded).toEqual(range(0, 10));
      expect(work.lost).toEqual([]);
      expect(work.calls.every(({ attempt }) => attempt === 1)).toBe(true);
      const sizes = work.calls.map(({ members }) => members.length);
      expect(sizes).toEqual([10, 5, 2, 3, 5, 2, 3]);
    }
  });

  it("is not counted as an attempt, so the halves still have theirs", async () => {
    const load = (members: Members, attempt: number) => {
      if (members.length > 1) throw new SplitError();
      if (attempt < 3) throw failure;
    };
    const work = new RecoveryWork(load);
    const settled = outcomeOf(work.run(2, policyWith({ retry: patient })));
    for (const delay of [10, 20, 10, 20]) await settle(delay);
    expect(settled.state).toBe("fulfilled");
    expect(work.loaded).toEqual([0, 1]);
    expect(work.calls.map(({ attempt }) => attempt)).toEqual([1, 1, 2, 3, 1, 2, 3]);
  });

  it("does not spend the budget of the bisection", async () => {
    const load = (members: Members) => {
      if (members.length > 2) throw new SplitError();
      poisonedBy([5])(members);
    };
    const work = await new RecoveryWork(load).run(8, policyWith({ isolationBudget: 2 }));
    expect(work.lostMembers).toEqual([5]);
  });

  it("is an ordinary error for a single item, or if halves cannot be made", async () => {
    const error = new SplitError();
    const policies = [[1, {}], [2, { isDivisible: false }]] as const;
    for (const [size, policy] of policies) {
      const work = new RecoveryWork(() => Promise.reject(error));
      await work.run(size, policyWith({ ...policy, retry: patient }));
      expect(work.calls).toHaveLength(1);
      expect(work.lost).toEqual(range(0, size).map((member) => ({ member, error, attempts: 1 })));
      const without = outcomeOf(work.run(size, policyWith({ ...policy, mayGiveUp: false })));
      await settle();
      expect(without.value).toMatchObject({ errors: [error], attempts: 1 });
    }
  });
});

describe("BatchError", () => {
  const errors = { 1: new Error("one"), 3: new Error("three") };
  const named = (members: Members) => {
    const places = members.flatMap((member, place) =>
      member in errors ? [[place, errors[member as 1 | 3]] as const] : []
    );
    if (places.length > 0) throw new BatchError(new Map(places));
  };

  it("dead-letters the items it names, and has the rest loaded once", async () => {
    const work = await new RecoveryWork(named).run(5, policyWith({ retry: patient }));
    expect(work.calls.map(({ members }) => members)).toEqual([[0, 1, 2, 3, 4], [0, 2, 4]]);
    expect(work.loaded).toEqual([0, 2, 4]);
    expect(work.lost).toEqual([
      { member: 1, error: errors[1], attempts: 1 },
      { member: 3, error: errors[3], attempts: 1 },
    ]);
  });

  it("dead-letters an item once if it names several of its rows, with the first error", async () => {
    const twice = (members: Members) => members.flatMap((member) => [member, member]);
    const load = (members: Members) => {
      if (members.length === 3) throw new BatchError(new Map([[3, "b"], [2, "a"], [5, "c"]]));
    };
    const work = Object.assign(new RecoveryWork(load), { sourcesOf: twice });
    await work.run(3);
    expect(work.loaded).toEqual([0]);
    expect(work.lost.map(({ member, error }) => [member, error])).toEqual([[1, "b"], [2, "c"]]);
  });

  it('dead-letters the items it names even with isolate "none"', async () => {
    const work = await new RecoveryWork(named).run(5, policyWith({ isolates: false }));
    expect([work.loaded, work.lostMembers]).toEqual([[0, 2, 4], [1, 3]]);
  });

  it("needs no further load if it names all items, nor any budget", async () => {
    const load = (members: Members) => {
      if (members.length > 2) throw failure;
      throw new BatchError(new Map(members.map((member, place) => [place, `no ${member}`])));
    };
    const work = await new RecoveryWork(load).run(4, policyWith({ isolationBudget: 2 }));
    expect(work.calls).toHaveLength(3);
    expect(work.lost.map(({ error }) => error)).toEqual(["no 0", "no 1", "no 2", "no 3"]);
  });

  it("may occur again for the rest, and so may another error", async () => {
    const load = (members: Members, attempt: number) => {
      if (members.includes(0)) throw new BatchError(new Map([[members.indexOf(0), "zero"]]));
      if (members.includes(2)) throw new BatchError(new Map([[members.indexOf(2), "two"]]));
      if (attempt < 2) throw failure;
      poisonedBy([3], () => "three")(members);
    };
    const retry = { ...patient, maxAttempts: 2 };
    const work = new RecoveryWork(load);
    const settled = outcomeOf(work.run(6, policyWith({ retry })));
    await settle(10);
    expect(settled.state).toBe("fulfilled");
    expect(work.loaded).toEqual([1, 4, 5]);
    expect(work.lost.map(({ member, error }) => [member, error])).toEqual([
      ...[[0, "zero"], [2, "two"], [3, "three"]],
    ]);
  });

  it.each<[string, [unknown, unknown][]]>([
    ["is beyond the batch", [[0, failure], [4, failure]]],
    ["is below 0", [[-1, failure]]],
    ["is no integer", [[0.5, failure]]],
    ["is no number", [["1", failure]]],
    ["is NaN", [[NaN, failure]]],
  ])("is an ordinary error if an index %s", async (_, entries) => {
    const error = () => new BatchError(new Map(entries as [number, unknown][]));
    const load = poisonedBy([1], (members) => members.length === 4 ? error() : failure);
    const work = await new RecoveryWork(load).run(4);
    expect(work.calls.map(({ members }) => members.join(""))).toEqual([
      "0123",
      "01",
      "0",
      "1",
      "23",
    ]);
    expect(work.lost).toEqual([{ member: 1, error: failure, attempts: 1 }]);
    expect(work.loaded).toEqual([0, 2, 3]);
  });

  it.each<[string, (failures: Map<number, unknown>) => unknown]>([
    ["names nobody", (failures) => failures.clear()],
    ["names one for ever", (failures) => {
      failures[Symbol.iterator] = function* () {
        for (;;) yield [0, failure];
      } as never;
    }],
    ["throws when it is read", (failures) => {
      failures[Symbol.iterator] = () => {
        throw failure;
      };
    }],
    ["is no map any more", (failures) => Object.assign(failures, { [Symbol.iterator]: 7 })],
  ])("is an ordinary error if its map %s", async (_, spoil) => {
    const load = poisonedBy([2], () => {
      const error = new BatchError(new Map([[0, failure]]));
      spoil(error.failures as Map<number, unknown>);
      return error;
    });
    const work = await new RecoveryWork(load).run(4);
    expect([work.loaded, work.lostMembers]).toEqual([[0, 1, 3], [2]]);
  });

  it.each<[string, object]>([
    ["has", { has: () => false }],
    ["has everything", { has: () => true }],
    ["size", { size: 0 }],
    ["size of more", { size: 99 }],
    ["keys", { keys: () => [0, 1, 2].values() }],
    ["forEach", { forEach: () => {} }],
    ["get", { get: () => "another" }],
  ])("counts each item once, even if '%s' of its map is wrong", async (_, lies) => {
    class Lying extends Map<number, unknown> {}
    for (const [name, value] of Object.entries(lies)) {
      Object.defineProperty(Lying.prototype, name, { value });
    }
    const load = (members: Members) => {
      if (members.length !== 4) return;
      const failures = new Lying();
      Map.prototype.set.call(failures, 1, "one");
      throw Object.assign(new BatchError(new Map([[1, "one"]])), { failures });
    };
    const work = await new RecoveryWork(load).run(4);
    expect([work.loaded, work.lost]).toEqual([
      [0, 2, 3],
      [{ member: 1, error: "one", attempts: 1 }],
    ]);
  });

  it("may be modified by its owner without harm", async () => {
    const failures = new Map([[1, failure]]);
    const work = new RecoveryWork((members) => {
      if (members.length === 3) throw new BatchError(failures);
    });
    work.giveUp = (member) => {
      failures.clear();
      work.lost.push({ member, error: failure, attempts: 1 });
    };
    await work.run(3);
    expect([work.loaded, work.lostMembers]).toEqual([[0, 2], [1]]);
  });

  it("fails for good without dead letters", async () => {
    const error = new BatchError(new Map([[1, failure]]));
    const work = new RecoveryWork(() => Promise.reject(error));
    const settled = outcomeOf(work.run(3, policyWith({ mayGiveUp: false, retry: patient })));
    await settle();
    expect(settled.value).toMatchObject({ errors: [error], attempts: 1 });
  });
});
