import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BatchError, ConfigurationError, FencedError } from "../../../src/errors.ts";
import { Exhausted, exhaustedBy, type Members } from "../../../src/retry/recovery.ts";
import { RetryAfterError } from "../../../src/retry/retry-after.ts";
import { outcomeOf, settle } from "../../support/outcomes/outcome.ts";
import { poisonedBy, policyWith, RecoveryWork } from "../../support/run/recovery-work.ts";
import { seeded } from "../../support/streams/schedules.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const failure = new Error("full");
const fail = () => Promise.reject(failure);
const patient = { maxAttempts: 3, jitter: "none", baseDelay: 10 } as const;

/** The items from `from` up to `to`, but for some. */
function range(from: number, to: number, without: readonly number[] = []): number[] {
  return Array.from({ length: to - from }, (_, n) => from + n).filter((n) => !without.includes(n));
}

describe("bisection of a failed batch", () => {
  it.each<[string, number, number[]]>([
    ["at the first place", 8, [0]],
    ["at the last place", 8, [7]],
    ["side by side", 8, [3, 4]],
    ["side by side in one half", 8, [2, 3]],
    ["everywhere", 8, range(0, 8)],
    ["nowhere", 8, []],
    ["in a batch of one", 1, [0]],
    ["in a batch of two", 2, [1]],
    ["in a batch of seven", 7, [0, 3, 6]],
  ])("isolates the failing items %s", async (_, size, poisons) => {
    const work = await new RecoveryWork(poisonedBy(poisons)).run(size);
    expect(work.lostMembers).toEqual(poisons);
    expect(work.loaded).toEqual(range(0, size, poisons));
  });

  it("takes at most 21 loads for one failing item of 1024", async () => {
    for (const poison of [0, 511, 512, 777, 1023]) {
      const work = await new RecoveryWork(poisonedBy([poison])).run(1024);
      expect(work.calls.length).toBe(21);
      expect(work.lostMembers).toEqual([poison]);
      expect(work.loaded).toEqual(range(0, 1024, [poison]));
    }
  });

  it("takes at most 2·k·log₂ n + 1 loads, keeps the order, isolates no other item", async () => {
    const batches = fc.integer({ min: 1, max: 200 }).chain((size) =>
      fc.tuple(fc.constant(size), fc.uniqueArray(fc.nat(size - 1), { maxLength: 12 }))
    );
    await fc.assert(
      fc.asyncProperty(batches, async ([size, poisons]) => {
        const error = (members: Members) => ({ members });
        const work = await new RecoveryWork(poisonedBy(poisons, error)).run(size);
        const most = 2 * poisons.length * Math.ceil(Math.log2(size)) + 1;
        expect(work.calls.length).toBeLessThanOrEqual(most);
        expect(work.loaded).toEqual(range(0, size, poisons));
        expect(work.lostMembers).toEqual([...poisons].sort((a, b) => a - b));
        // Each has the error of the load in which it stood alone.
        for (const { member, error } of work.lost) expect(error).toEqual({ members: [member] });
      }),
      seeded,
    );
  });

  it("dead-letters what has failed once its budget is spent, and nothing before", async () => {
    const scenes = fc.tuple(
      fc.integer({ min: 2, max: 64 }),
      fc.uniqueArray(fc.nat(63), { maxLength: 20 }),
      fc.integer({ min: 1, max: 30 }),
    );
    await fc.assert(
      fc.asyncProperty(scenes, async ([size, places, isolationBudget]) => {
        const poisons = places.filter((place) => place < size);
        const work = await new RecoveryWork(poisonedBy(poisons)).run(
          size,
          policyWith({ isolationBudget }),
        );
        expect(work.calls.length - 1).toBeLessThanOrEqual(isolationBudget);
        const all = [...work.loaded, ...work.lostMembers].sort((a, b) => a - b);
        expect(all).toEqual(range(0, size));
        expect(work.loaded).toEqual(work.loaded.toSorted((a, b) => a - b));
        expect(work.loaded.some((member) => poisons.includes(member))).toBe(false);
        const isEnough = isolationBudget >= 2 * poisons.length * Math.ceil(Math.log2(size));
        if (isEnough) expect(work.lost.length).toBe(poisons.length);
      }),
      seeded,
    );
  });

  it("does not begin with a budget of one call", async () => {
    const work = await new RecoveryWork(fail).run(4, policyWith({ isolationBudget: 1 }));
    expect(work.calls).toHaveLength(1);
    expect(work.lostMembers).toEqual([0, 1, 2, 3]);
  });

  it.each<[string, object]>([
    ["isolate is none", { isolates: false }],
    ["nobody knows which item a row comes from", { isDivisible: false }],
  ])("does not happen if %s", async (_, policy) => {
    const work = await new RecoveryWork(poisonedBy([2])).run(4, policyWith(policy));
    expect(work.calls).toHaveLength(1);
    expect(work.lostMembers).toEqual([0, 1, 2, 3]);
  });

  it("keeps the number of the attempt, and retries no part", async () => {
    const work = new RecoveryWork(poisonedBy([1], () => failure));
    const settled = outcomeOf(work.run(4, policyWith({ retry: patient })));
    await settle(10);
    await settle(20);
    expect(settled.state).toBe("fulfilled");
    expect(work.calls.map(({ members, attempt }) => [members.join(""), attempt])).toEqual([
      ...[["0123", 1], ["0123", 2], ["0123", 3]], // The whole batch comes first.
      ...[["01", 3], ["0", 3], ["1", 3], ["23", 3]],
    ]);
    expect(work.lost).toEqual([{ member: 1, error: failure, attempts: 3 }]);
    expect(work.retries).toEqual([[failure, 1, 10], [failure, 2, 20]]);
    expect(work.resting).toBe(0);
  });
});

describe("an error that may be temporary", () => {
  const timeout = new DOMException("The call took longer than 5 ms", "TimeoutError");
  it.each<[string, unknown, object]>([
    ["isRetriable says so", failure, { isRetriable: () => true }],
    ["it has a retryAfter", { retryAfter: 10 }, {}],
    ["it is a RetryAfterError", new RetryAfterError("0"), {}],
    ["it is a TimeoutError", timeout, {}],
  ])("is not blamed on an item: %s", async (_, error, more) => {
    for (const maxAttempts of [1, 2]) {
      const retry = { ...patient, maxAttempts, ...more };
      const work = new RecoveryWork(() => Promise.reject(error));
      const settled = outcomeOf(work.run(4, policyWith({ retry })));
      await settle(10);
      expect(settled.state).toBe("fulfilled");
      expect(work.calls).toHaveLength(maxAttempts);
      expect(work.lost).toEqual(
        range(0, 4).map((member) => ({ member, error, attempts: maxAttempts })),
      );
    }
  });

  it("is blamed on an item if isRetriable returns false for it", async () => {
    for (const error of [{ retryAfter: 10 }, timeout]) {
      const retry = { ...patient, isRetriable: () => false };
      const work = await new RecoveryWork(poisonedBy([3], () => error)).run(
        4,
        policyWith({ retry }),
      );
      expect(work.lostMembers).toEqual([3]);
    }
  });

  it("of a part ends the bisection", async () => {
    const load = (members: Members) => {
      if (members.length === 2) throw timeout;
      if (members.length > 2) throw failure;
    };
    const work = await new RecoveryWork(load).run(4);
    expect(work.calls.map(({ members }) => members)).toEqual([[0, 1, 2, 3], [0, 1], [2, 3]]);
    expect(work.lostMembers).toEqual([0, 1, 2, 3]);
  });
});

describe("a failure without dead letters", () => {
  const bare = policyWith({ mayGiveUp: false, retry: patient });

  it("is reported with the error of each attempt, and the items", async () => {
    const errors = [1, 2, 3].map((attempt) => new Error(`attempt ${attempt}`));
    const work = new RecoveryWork((_, attempt) => Promise.reject(errors[attempt - 1]));
    const settled = outcomeOf(work.run(2, bare));
    await settle(10);
    await settle(20);
    const { value } = settled;
    expect(value).toBeInstanceOf(Exhausted);
    expect(value).toMatchObject({ errors, attempts: 3, items: ["item 0", "item 1"] });
    expect((value as Exhausted).stage).toBe(undefined);
    expect(work.lost).toEqual([]);
  });

  it.each([new FencedError("key"), new ConfigurationError("wrong")])(
    "is a %s, even with dead letters and attempts",
    async (error) => {
      const work = new RecoveryWork(() => Promise.reject(error));
      const settled = outcomeOf(work.run(4, policyWith({ retry: patient })));
      await settle();
      expect(settled.value).toMatchObject({ errors: [error], attempts: 1 });
      expect([work.calls.length, work.lost]).toEqual([1, []]);
    },
  );

  it("of isRetriable itself does not hide the error it was asked about", async () => {
    const thrown = new Error("cannot tell");
    for (const maxAttempts of [1, 3]) {
      const isRetriable = () => {
        throw thrown;
      };
      const settled = outcomeOf(new RecoveryWork(fail).run(
        4,
        policyWith({ retry: { ...patient, maxAttempts, isRetriable } }),
      ));
      await settle();
      expect(settled.value).toBeInstanceOf(Exhausted);
      expect(settled.value).toMatchObject({ errors: [failure, thrown], attempts: 1 });
      expect((settled.value as Exhausted).items).toHaveLength(4);
    }
  });

  it("is passed on if a call could not be made at all", async () => {
    const exhausted = new Exhausted([failure], 1, [], "checkpoints");
    const settled = outcomeOf(new RecoveryWork(() => Promise.reject(exhausted)).run(4));
    await settle();
    expect(settled.value).toBe(exhausted);
  });

  it("to write a dead letter ends the run without a further call", async () => {
    const exhausted = new Exhausted([failure], 1, [], "deadLetters");
    const work = new RecoveryWork(poisonedBy([0, 3]));
    work.giveUp = () => {
      throw exhausted;
    };
    const settled = outcomeOf(work.run(4));
    await settle();
    expect(settled.value).toBe(exhausted);
    expect(work.calls.map(({ members }) => members.join(""))).toEqual(["0123", "01", "0"]);
  });
});

describe("a recovery that is stopped", () => {
  it("ends its delay, and reports what had failed", async () => {
    const work = new RecoveryWork(fail);
    const settled = outcomeOf(work.run(2, policyWith({ retry: patient })));
    await settle(5);
    expect(work.resting).toBe(1);
    work.isStopped = true;
    work.abort.abort();
    await settle();
    expect(settled.value).toMatchObject({ errors: [failure], attempts: 1 });
    expect([work.calls.length, work.resting, vi.getTimerCount()]).toEqual([1, 0, 0]);
  });

  it("makes no call for the remaining parts", async () => {
    const work: RecoveryWork = new RecoveryWork((members) => {
      if (members.length === 2) work.isStopped = true;
      if (members.length === 4) throw failure;
    });
    await work.run(4);
    expect(work.calls.map(({ members }) => members.join(""))).toEqual(["0123", "01"]);
    expect([work.loaded, work.lost]).toEqual([[0, 1], []]);
  });

  it.each<[string, unknown]>([
    ["all of them", failure],
    ["some", new BatchError(new Map([[0, failure], [1, failure]]))],
  ])("dead-letters no further item if it was about to on %s", async (_, error) => {
    const work = new RecoveryWork(() => Promise.reject(error));
    work.giveUp = async (member) => {
      work.lost.push({ member, error, attempts: 1 });
      await null;
      work.isStopped = true;
    };
    await work.run(4, policyWith({ isolates: false }));
    expect([work.lostMembers, work.calls.length]).toEqual([[0], 1]);
  });
});

describe("exhaustedBy()", () => {
  const fenced = new FencedError("key");

  it.each<[string, unknown, object]>([
    ["an error", failure, { errors: [failure], attempts: 1, items: [], stage: undefined }],
    ["a fence", fenced, { errors: [fenced], stage: "checkpoints" }],
    ["attempts, of which the last met a fence", new Exhausted([failure, fenced], 2, ["a"]), {
      ...{ errors: [failure, fenced], attempts: 2, items: ["a"], stage: "checkpoints" },
    }],
    ["a fence that was met once", new Exhausted([fenced, failure], 2), { stage: undefined }],
    ["a fence behind another stage", new Exhausted([failure, fenced], 1, ["a"], "deadLetters"), {
      ...{ attempts: 1, items: ["a"], stage: "deadLetters" },
    }],
  ])("reports %s", (_, error, told) => {
    expect(exhaustedBy(error)).toMatchObject(told);
  });
});
