import { describe, expect, it } from "vitest";
import { TaskGroup } from "../../src/streams/task-group.ts";
import { turns } from "../support/outcomes/outcome.ts";

/** A group whose calls the test settles, and what it was told of each. */
function groupOf(limit: number, call: (job: string) => unknown) {
  const told: unknown[] = [];
  const group: TaskGroup<string, unknown> = new TaskGroup(limit, {
    call,
    done: (job, result) => void told.push([job, result, group.running]),
    failed: (job, error) => void told.push([job, error, group.running]),
  });
  return { group, told };
}

describe("TaskGroup", () => {
  it("reports a result at once if a call returns no promise", () => {
    const { group, told } = groupOf(1, (job) => job.length);
    group.run("abc");
    expect(told).toEqual([["abc", 3, 0]]);
  });

  it("reports what a call throws, and what its promise rejects with, without the call", async () => {
    const { group, told } = groupOf(1, (job) => {
      if (job === "throws") throw "thrown";
      return Promise.reject("rejected");
    });
    group.run("throws");
    group.run("rejects");
    expect([told, group.running]).toEqual([[["throws", "thrown", 0]], 1]);
    await turns();
    expect(told.slice(1)).toEqual([["rejects", "rejected", 0]]);
  });

  it("has room until its limit of calls are running", async () => {
    let end = () => {};
    const { group } = groupOf(2, () => new Promise<void>((resolve) => end = resolve));
    const rooms = [group.hasRoom];
    for (const job of ["a", "b"]) {
      group.run(job);
      rooms.push(group.hasRoom);
    }
    end();
    await turns();
    expect([...rooms, group.hasRoom]).toEqual([true, true, false, true]);
  });

  it("counts a thenable that settles twice once", async () => {
    const twice = {
      then: (settle: (value: string) => void) => (settle("first"), settle("second")),
    };
    const { group, told } = groupOf(1, () => twice);
    group.run("a");
    await turns();
    expect([told, group.running]).toEqual([[["a", "first", 0]], 0]);
  });
});
