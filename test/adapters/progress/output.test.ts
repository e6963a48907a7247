import { describe, expect, it, vi } from "vitest";
import { showProgress } from "../../../src/adapters/progress.ts";
import { outcomeOf } from "../../support/outcomes/outcome.ts";
import { RecordedOutput } from "../../support/terminal/recorded-output.ts";
import { setHost, standInForTerminal, startSlowRun } from "../../support/terminal/slow-run.ts";

standInForTerminal();

describe("showProgress() in a pipe", () => {
  it("writes a plain line every 10 s, and one at the end", async () => {
    const output = new RecordedOutput(false);
    void showProgress(startSlowRun("slow", 25, 990), undefined, { output, total: 25 });
    expect(output.writes).toEqual([]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(output.writes).toEqual([
      "slow: 40% of 25, 10 loaded, 1/s, 15 s left\n",
      "slow: 80% of 25, 20 loaded, 1/s, 5 s left\n",
      "slow: completed, 100% of 25, 25 loaded, 1/s, in 24.8 s\n",
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("writes one line of all runs", async () => {
    const output = new RecordedOutput(false);
    const runs = [startSlowRun("ten"), startSlowRun("three", 3)];
    void showProgress(runs, undefined, { output, interval: 625 });
    await vi.advanceTimersByTimeAsync(5000);
    expect(output.writes).toEqual([
      "ten: 6 loaded, 9.6/s | three: completed, 3 loaded, 10/s, in 0.3 s\n",
      "ten: completed, 10 loaded, 10/s, in 1.0 s | three: completed, 3 loaded, 10/s, in 0.3 s\n",
    ]);
  });

  it("writes to the standard error of the process, else to the console", async () => {
    const output = new RecordedOutput(false);
    setHost({ stderr: output });
    void showProgress(startSlowRun("ten"));
    setHost(undefined);
    const info = vi.spyOn(console, "info").mockImplementation(() => {});
    void showProgress(startSlowRun("three", 3));
    await vi.advanceTimersByTimeAsync(5000);
    expect(output.writes).toEqual(["ten: completed, 10 loaded, 10/s, in 1.0 s\n"]);
    expect(info.mock.calls).toEqual([["three: completed, 3 loaded, 10/s, in 0.3 s"]]);
    info.mockRestore();
  });

  it("handles the error event of a closed stream, and writes no more", async () => {
    const error = new Error("EPIPE");
    const once = vi.fn();
    const write = vi.fn((_: string, done?: (error: unknown) => void) => done?.(error));
    const onError = vi.fn();
    const output = { write, once };
    void showProgress(startSlowRun("ten"), undefined, { output, interval: 130, onError });
    await vi.advanceTimersByTimeAsync(5000);
    expect(write).toHaveBeenCalledTimes(1);
    expect(once.mock.calls).toEqual([["error", expect.any(Function)]]);
    expect(onError.mock.calls).toEqual([[error]]);
  });

  it.each([
    ["throws", () => {
      throw new Error("closed");
    }],
    ["rejects", () => Promise.reject(new Error("closed"))],
  ])("continues without an output that %s, and reports that once", async (_, failing) => {
    const onError = vi.fn();
    const [on, off] = [vi.fn(), vi.fn()];
    setHost({ env: {}, on, off });
    for (const isTTY of [true, false]) {
      const write = vi.fn(failing);
      const watched = startSlowRun("ten");
      const settings = { output: { write, isTTY }, interval: 100, onError };
      const showing = outcomeOf(showProgress(watched, undefined, settings));
      await vi.advanceTimersByTimeAsync(5000);
      expect(showing.state).toBe("fulfilled");
      expect(await watched.finished).toMatchObject({ outcome: "completed" });
      expect(write).toHaveBeenCalledTimes(1);
      expect(vi.getTimerCount()).toBe(0);
    }
    expect(off.mock.calls).toEqual(on.mock.calls);
    expect(onError.mock.calls).toEqual([[new Error("closed")], [new Error("closed")]]);
  });
});
