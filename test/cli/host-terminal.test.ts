import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  endProcess,
  failWhenIdle,
  type HostProcess,
  hostTerminal,
} from "../../src/cli/host-terminal.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

/** A process whose signals are calls, and whose output arrives when `arrive` is called. */
function testHost() {
  const listeners = new Map<string, Set<() => void>>();
  const arriving: (() => void)[] = [];
  const events: string[] = [];
  const output = {
    write: (_: string, written?: () => void) => void (written && arriving.push(written)),
    on: (event: string) => void events.push(event),
  };
  const of = (event: string) => listeners.get(event) ?? new Set();
  const host: HostProcess = {
    argv: [],
    env: { HOME: "/home" },
    stdout: output,
    stderr: output,
    cwd: () => "/work",
    on: (event, listener) => listeners.set(event, of(event).add(listener)),
    off: (event, listener) => of(event).delete(listener),
    exit: (code) => {
      throw new Error(`exit ${code}`);
    },
  };
  const send = (event: string) => of(event).forEach((listener) => listener());
  const count = () => [...listeners.values()].reduce((sum, all) => sum + all.size, 0);
  return { host, send, count, arriving, events };
}

describe("hostTerminal()", () => {
  it("has the folder and the environment, and survives a pipe that is closed", () => {
    const { host, events } = testHost();
    const terminal = hostTerminal(host);
    expect([terminal.folder, terminal.environment]).toEqual(["/work", { HOME: "/home" }]);
    expect(events).toEqual(["error", "error"]);
    expect(() => terminal.exit(3)).toThrow("exit 3");
  });

  it("takes the two signals of one key for one, and tells of the next key", () => {
    const { host, send, count } = testHost();
    let pressed = 0;
    const release = hostTerminal(host).onInterrupt(() => pressed++);
    send("SIGINT");
    vi.advanceTimersByTime(249);
    send("SIGINT");
    expect(pressed).toBe(1);
    vi.advanceTimersByTime(1);
    send("SIGTERM");
    expect(pressed).toBe(2);
    release();
    expect(count()).toBe(0);
  });
});

describe("endProcess()", () => {
  it("ends it when all that was written has arrived", async () => {
    const { host, arriving } = testHost();
    const ended = endProcess(host, 3).catch((error: Error) => error.message);
    for (let outputs = 0; outputs < 2; outputs++) {
      await vi.waitFor(() => expect(arriving.length).toBe(1));
      arriving.pop()!();
    }
    expect(await ended).toBe("exit 3");
  });
});

describe("failWhenIdle()", () => {
  it("ends it with 1 when there is nothing more to wait for", () => {
    const { host, send } = testHost();
    failWhenIdle(host);
    expect(() => send("beforeExit")).toThrow("exit 1");
  });
});
