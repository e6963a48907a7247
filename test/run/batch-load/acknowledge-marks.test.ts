import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FencedError, MemoryCheckpointStore } from "../../../src/index.ts";
import { failureOf } from "../../support/run/resilient-run.ts";
import { wait } from "../../support/run/time.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("acknowledge beside checkpoints", () => {
  it.each([
    ["cannot be written", new Error("no space left")],
    ["belongs to another run", new FencedError("numbers", "other")],
  ])("is not called for items whose mark %s", async (_, error) => {
    const checkpoints = new MemoryCheckpointStore();
    vi.spyOn(checkpoints, "write").mockReturnValueOnce(undefined).mockImplementation(() => {
      throw error;
    });
    const acknowledged: number[] = [];
    const failure = await failureOf({
      load: () => wait(5),
      acknowledge: (items: readonly number[]) => void acknowledged.push(...items),
      replayable: true,
    }, { checkpoints, batchSize: 4 });
    expect(failure).toMatchObject({ stage: "checkpoints", cause: error });
    expect(failure.report).toMatchObject({ loaded: 8 });
    expect(acknowledged).toEqual([0, 1, 2, 3]);
  });
});
