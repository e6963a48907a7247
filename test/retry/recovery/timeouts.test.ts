import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { policyWith, RecoveryWork } from "../../support/run/recovery-work.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const late = () => Promise.reject(new DOMException("too long", "TimeoutError"));
const hangingFor = (...bad: readonly number[]) => (members: readonly number[]) =>
  members.some((member) => bad.includes(member)) ? late() : undefined;

describe("a call of a batch that takes too long", () => {
  it("is halved where its items are to blame, until the one that hangs stands alone", async () => {
    const policy = policyWith({ blamesTimeouts: true });
    const work = await new RecoveryWork(hangingFor(2, 5)).run(6, policy);
    expect(work.lostMembers).toEqual([2, 5]);
    expect(work.loaded).toEqual([0, 1, 3, 4]);
  });

  it("is not where a service may be down: its items are given up on together", async () => {
    const work = await new RecoveryWork(hangingFor(2)).run(6, policyWith());
    expect(work.lostMembers).toEqual([0, 1, 2, 3, 4, 5]);
    expect(work.calls).toHaveLength(1);
  });

  it("is not for ever: after 32 of them parts are given up on as they are", async () => {
    const policy = policyWith({ blamesTimeouts: true, isolationBudget: Infinity });
    const work = await new RecoveryWork(late).run(1000, policy);
    expect(work.lostMembers).toHaveLength(1000);
    expect(work.calls).toHaveLength(65); // Each that is halved makes two.
  });
});
