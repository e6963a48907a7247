import { afterEach, expect, it, vi } from "vitest";
import { kvCheckpoints } from "../../../src/adapters/cloudflare.ts";
import { blankCheckpoint } from "../../../src/checkpoints/checkpoint.ts";

afterEach(() => void vi.useRealTimers());

it("kvCheckpoints() refuses what is no binding of KV", () => {
  expect(() => kvCheckpoints(new Map() as never)).toThrow(
    "Cannot construct kvCheckpoints as 'kv' must be a binding of Workers KV, such as 'env.KV'",
  );
});

it.each([{}, { interval: undefined }])("writes a key once in a second: %o", async (options) => {
  vi.useFakeTimers();
  const put = vi.fn(() => Promise.resolve());
  const store = kvCheckpoints({ get: () => Promise.resolve(null), put }, options);
  await store.write("key", blankCheckpoint);
  const late = store.write("key", blankCheckpoint) as Promise<void>;
  await vi.advanceTimersByTimeAsync(999);
  expect(vi.getTimerCount()).toBe(1);
  expect(put).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1);
  await late;
  expect(put).toHaveBeenCalledTimes(2);
});
