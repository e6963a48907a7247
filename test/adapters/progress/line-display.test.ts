import { describe, expect, it, vi } from "vitest";
import { showProgress } from "../../../src/adapters/progress.ts";
import { etl } from "../../../src/index.ts";
import { wait } from "../../support/run/time.ts";
import { RecordedOutput, screenOf } from "../../support/terminal/recorded-output.ts";
import { setHost, standInForTerminal, startSlowRun } from "../../support/terminal/slow-run.ts";

standInForTerminal();

describe("showProgress() in a terminal", () => {
  it("redraws one line in place every 100 ms, and ends it with a newline", async () => {
    const output = new RecordedOutput(true);
    void showProgress(startSlowRun("ten"), undefined, { output, total: 10 });
    expect(output.screen).toEqual([`ten: [>${" ".repeat(29)}] 0% of 10, 0 loaded, 0/s`]);
    await vi.advanceTimersByTimeAsync(450);
    expect(output.screen[0]).toMatch(
      /^ten: \[={9,12}> {17,20}\] [34]0% of 10, [34] loaded, [0-9.]+\/s, 1 s left$/,
    );
    expect(output.writes).toHaveLength(5);
    expect(output.writes.join("")).not.toContain("\n");
    await vi.advanceTimersByTimeAsync(5000);
    expect(output.screen).toEqual(["ten: completed, 100% of 10, 10 loaded, 10/s, in 1.0 s", ""]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("shows uncommon counts only if there are any", async () => {
    const output = new RecordedOutput(true);
    const counts = { extracted: 1_234_567, loaded: 1_234_000, skipped: 500, deadLettered: 60 };
    const rest = { pending: 7, retries: 8, duration: 3_725_000 };
    const snapshot = () => ({ state: "running", ...counts, ...rest } as const);
    const watched = { name: "many", finished: Promise.reject(new Error("no report")), snapshot };
    const shown = "1,234,000 loaded, 0/s, 500 skipped, 60 dead-lettered, 8 retried";
    output.columns = 200;
    const showing = showProgress(watched, undefined, { output });
    expect(output.screen).toEqual([`many: ${shown}`]);
    await showing;
    const last = shown.replace("0/s", "331/s");
    expect(output.screen).toEqual([`many: failed, ${last}, 7 pending, in 1 h 2 min`, ""]);
  });

  it.each([[59_940, "59.9 s"], [59_960, "1 min 0 s"], [3_599_400, "59 min 59 s"]])(
    "shows a duration of %i ms as %s",
    async (duration, shown) => {
      const output = new RecordedOutput(true);
      const counts = { extracted: 0, loaded: 0, skipped: 0, deadLettered: 0, pending: 0 };
      const snapshot = () => ({ state: "ended", ...counts, retries: 0, duration } as const);
      const finished = Promise.resolve({ outcome: "completed" } as const);
      await showProgress({ name: "n", finished, snapshot }, undefined, { output });
      expect(output.writes[0]).toContain("n: 0 loaded, 0/s\x1b"); // How it ended is not known yet.
      expect(output.screen[0]).toBe(`n: completed, 0 loaded, 0/s, in ${shown}`);
    },
  );

  it.each([[2, "past the 2 expected, "], [1000, "0% of 1,000, "], [3, "100% of 3, "], [0, ""]])(
    "shows the share of a total of %i",
    async (total, share) => {
      const output = new RecordedOutput(true);
      void showProgress(startSlowRun("three", 3), undefined, { output, total });
      await vi.advanceTimersByTimeAsync(5000);
      expect(output.screen[0]).toBe(`three: completed, ${share}3 loaded, 10/s, in 0.3 s`);
    },
  );

  it("uses the total that a run knows by default", async () => {
    const output = new RecordedOutput(true);
    const films = etl({ name: "films", extract: () => [1, 2, 3, 4], load: () => wait(100) });
    const total = (name: string) => name === "films" ? undefined : 10;
    void showProgress(films.start(), undefined, { output, total });
    await vi.advanceTimersByTimeAsync(220);
    expect(output.screen[0]).toBe(
      "films: [=======>                      ] 25% of 4, 1 loaded, 5/s, 1 s left",
    );
    await vi.advanceTimersByTimeAsync(1000);
  });

  it("tells how long nothing has moved, and nothing of it once something does", async () => {
    const output = new RecordedOutput(true);
    void showProgress(startSlowRun("slow", 2, 7000), undefined, { output });
    await vi.advanceTimersByTimeAsync(2900);
    expect(output.screen).toEqual(["slow: 0 loaded, 0/s"]);
    await vi.advanceTimersByTimeAsync(3000);
    expect(output.screen).toEqual(["slow: 0 loaded, 0/s, nothing new for 5 s"]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(output.screen[0]).toMatch(/^slow: 1 loaded, [\d.]+\/s$/);
    await vi.advanceTimersByTimeAsync(9000);
    expect(output.screen).toEqual(["slow: completed, 2 loaded, 0.1/s, in 14.0 s", ""]);
  });

  it("shows several runs, a line each", async () => {
    const output = new RecordedOutput(true);
    const total = (name: string) => name === "ten" ? 10 : undefined;
    void showProgress([startSlowRun("ten"), startSlowRun("three", 3)], undefined, {
      output,
      total,
      interval: 130,
    });
    await vi.advanceTimersByTimeAsync(550);
    expect(output.screen).toEqual([
      "ten: [===============>              ] 50% of 10, 5 loaded, 9.6/s, 1 s left",
      "three: completed, 3 loaded, 10/s, in 0.3 s",
    ]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(output.screen).toEqual([
      "ten: completed, 100% of 10, 10 loaded, 10/s, in 1.0 s",
      "three: completed, 3 loaded, 10/s, in 0.3 s",
      "",
    ]);
  });

  it("shows running runs before ended ones if not all fit", async () => {
    const output = new RecordedOutput(true);
    const names = () => output.screen.map((line) => line.slice(0, 5));
    output.rows = 4;
    const runs = [
      startSlowRun("a", 1),
      startSlowRun("b", 9),
      startSlowRun("c", 9),
      startSlowRun("d", 1),
    ];
    void showProgress(runs, undefined, { output });
    expect(names()).toEqual(["a: 0 ", "b: 0 ", "and 2"]);
    await vi.advanceTimersByTimeAsync(550);
    expect(names().map((name) => name.slice(0, 2))).toEqual(["b:", "c:", "an"]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(names()).toEqual(["a: co", "b: co", "c: co", "d: co", ""]);
  });

  it("cuts lines to the current number of columns, a name first", async () => {
    const output = new RecordedOutput(true);
    void showProgress(startSlowRun("a pipeline of a long name"), undefined, {
      ...{ output, total: 10, interval: 130 },
    });
    const lines: Record<number, string> = {};
    for (const columns of [80, 40, 20, 5, 3, 1]) {
      output.columns = columns;
      await vi.advanceTimersByTimeAsync(130);
      lines[columns] = screenOf(output.writes.at(-1)!)[0]!;
    }
    expect(lines).toEqual({
      80: "a pipeline of a long name: [=>           ] 10% of 10, 1 loaded, 7.7/s, 2 s left",
      40: "a pipeline...: 20%, 7.7/s, 2 s left",
      20: "a pip...: 7.7/s",
      5: "a...",
      3: "..",
      1: ".",
    });
    output.columns = undefined;
    await vi.advanceTimersByTimeAsync(5000);
    expect(output.screen.at(-2)!.length).toBeGreaterThan(60);
  });

  it("leaves nothing of longer lines, nor of more lines", async () => {
    const output = new RecordedOutput(true);
    void showProgress([startSlowRun("a"), startSlowRun("b"), startSlowRun("c")], undefined, {
      output,
      interval: 130,
    });
    expect(output.screen).toEqual(["a: 0 loaded, 0/s", "b: 0 loaded, 0/s", "c: 0 loaded, 0/s"]);
    output.columns = 9;
    await vi.advanceTimersByTimeAsync(140);
    expect(output.screen).toEqual(["a: 1 ...", "b: 1 ...", "c: 1 ..."]);
    output.rows = 3;
    await vi.advanceTimersByTimeAsync(130);
    expect(output.screen).toEqual(["a: 2 ...", "and 2..."]);
    await vi.advanceTimersByTimeAsync(5000);
  });

  it.each([
    ["日本語の長い名前のパイプライン", "日本語の..."],
    ["👩‍👩‍👧‍👦 families", "👩\u200d👩\u200d..."],
    ["naïve", "naïve"],
  ])("counts each character of %s as wide as it can be", async (name, shown) => {
    const output = new RecordedOutput(true);
    output.columns = 37; // A third for the name: 12.
    void showProgress(startSlowRun(name), undefined, { output });
    expect(output.screen[0]!.split(":")[0]).toBe(shown);
    await vi.advanceTimersByTimeAsync(5000);
  });

  it("cannot be controlled by escape sequences in a name", async () => {
    const output = new RecordedOutput(true);
    void showProgress(startSlowRun("\x1b]0;title\x07 \r\n\u2028"), undefined, { output });
    expect(output.screen).toEqual(["?]0;title? ???: 0 loaded, 0/s"]);
    await vi.advanceTimersByTimeAsync(5000);
  });

  it("ends the line before the process exits, and removes its listener afterwards", async () => {
    const listeners = new Set<() => void>();
    const on = (_: "exit", listener: () => void) => listeners.add(listener);
    const off = (_: "exit", listener: () => void) => listeners.delete(listener);
    setHost({ env: {}, on, off });
    const output = new RecordedOutput(true);
    void showProgress(startSlowRun("ten"), undefined, { output });
    for (const listener of listeners) listener();
    expect(output.screen).toEqual(["ten: 0 loaded, 0/s", ""]);
    expect(listeners.size).toBe(1);
    await vi.advanceTimersByTimeAsync(5000);
    expect(listeners.size).toBe(0);
  });

  it.each([["CI", "true"], ["CI", "1"], ["TERM", "dumb"]])(
    "writes plain lines if %s is %s",
    async (name, value) => {
      setHost({ env: { [name]: value } });
      const output = new RecordedOutput(true);
      void showProgress(startSlowRun("ten"), undefined, { output });
      await vi.advanceTimersByTimeAsync(5000);
      expect(output.writes).toEqual(["ten: completed, 10 loaded, 10/s, in 1.0 s\n"]);
    },
  );

  it.each(["false", "0", ""])("redraws if CI is %j", async (CI) => {
    setHost({ env: { CI } });
    const output = new RecordedOutput(true);
    void showProgress(startSlowRun("ten"), undefined, { output });
    expect(output.writes).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(5000);
  });

  it("reads no variable for which Deno would ask permission", async () => {
    const get = vi.fn(() => "true");
    setHost({ env: new Proxy({}, { get }) });
    vi.stubGlobal("Deno", { permissions: { querySync: () => ({ state: "prompt" }) } });
    const output = new RecordedOutput(true);
    void showProgress(startSlowRun("ten"), undefined, { output });
    expect(output.writes).toHaveLength(1);
    expect(get).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(5000);
  });
});
