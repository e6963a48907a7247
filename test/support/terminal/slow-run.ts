import { afterEach, beforeEach, vi } from "vitest";
import { etl, type Run } from "../../../src/index.ts";
import { wait } from "../run/time.ts";

/** Has the tests of a file shown in a terminal, wherever they run, with time at a stand. */
export function standInForTerminal(): void {
  beforeEach(() => {
    vi.useFakeTimers();
    setHost({ env: { TERM: "xterm" } }); // What is redrawn must not depend on where the tests run.
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });
}

/** Takes the place of the process, in Deno too, which is otherwise asked what may be read. */
export function setHost(process: unknown): void {
  vi.stubGlobal("process", process);
  vi.stubGlobal("Deno", undefined);
}

/** Starts a run that loads an item every 100 ms, and does not know how many there are. */
export function startSlowRun(name: string, items = 10, delay = 100): Run {
  const extract = () => Array.from({ length: items }, (_, n) => n).values();
  return etl<number>({ name, extract, load: () => wait(delay) }).start();
}
