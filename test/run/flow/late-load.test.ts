import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { commitsTo } from "../../../src/adapters/checkpoint.ts";
import {
  type DeadLetter,
  etl,
  type LoadContext,
  MemoryCheckpointStore,
  type RunOptions,
} from "../../../src/index.ts";
import { leaveOpen } from "../../../src/retry/open-outcome.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Runs two items, one by one, whose load says that it commits a mark, and is given up after 100 ms. */
async function run(
  load: (rows: number[], context: LoadContext) => unknown,
  { isDeclared = true, ...options }: Partial<RunOptions<number>> & { isDeclared?: boolean } = {},
) {
  const checkpoints = new MemoryCheckpointStore();
  const letters: number[] = [];
  const deadLetters = () =>
    new WritableStream<DeadLetter<number>>({ write: ({ item }) => void letters.push(item) });
  const own = isDeclared ? Object.assign(load, { [commitsTo]: checkpoints }) : load;
  const running = etl<number, number>({ name: "late", extract: () => [1, 2], load: own })
    .run({ checkpoints, deadLetters, retry: { attemptTimeout: 100 }, ...options })
    .catch((error: Error) => error);
  await vi.advanceTimersByTimeAsync(60_000);
  return { result: await running, letters };
}

const wait = (delay: number) => new Promise<void>((resolve) => setTimeout(resolve, delay));

it("an item whose load commits after its deadline is not dead-lettered", async () => {
  const { result, letters } = await run(([n]) => n === 1 ? wait(500) : undefined);
  expect(result).toMatchObject({ outcome: "completed", loaded: 2, deadLettered: 0 });
  expect(letters).toEqual([]);
});

it("an item whose load fails after its deadline is dead-lettered", async () => {
  const load = async ([n]: number[], { signal }: LoadContext) => {
    if (n === 1) await wait(500);
    signal.throwIfAborted();
  };
  const { result, letters } = await run(load);
  expect(result).toMatchObject({ outcome: "completed", loaded: 1, deadLettered: 1 });
  expect(letters).toEqual([1]);
});

it("a load whose outcome nobody knows fails the run", async () => {
  const never = () => new Promise(() => {});
  expect(await run(never)).toMatchObject({ result: { stage: "load" }, letters: [] });
  const unknown = async () => {
    await wait(500);
    throw leaveOpen(new Error("The connection was lost"));
  };
  expect(await run(unknown)).toMatchObject({ result: { stage: "load" }, letters: [] });
  const atOnce = () => Promise.reject(leaveOpen(new Error("The connection was lost")));
  expect(await run(atOnce)).toMatchObject({ result: { stage: "load" }, letters: [] });
});

it("a load whose outcome nobody knows is retried while attempts are left", async () => {
  let calls = 0;
  const load = async () => {
    if (calls++ === 0) throw leaveOpen("no object");
  };
  const retry = { maxAttempts: 2, baseDelay: 1 };
  const { result } = await run(load, { retry });
  expect(result).toMatchObject({ loaded: 2, retries: 1 });
});

it("a load that commits no mark is not awaited after its deadline", async () => {
  const { result, letters } = await run(() => wait(500), { isDeclared: false });
  expect(result).toMatchObject({ outcome: "completed", deadLettered: 2 });
  expect(letters).toEqual([1, 2]);
});
