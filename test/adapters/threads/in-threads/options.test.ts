import { describe, expect, it } from "vitest";
import { inThreads } from "../../../../src/adapters/threads/in-threads.ts";
import { thread } from "../../../../src/adapters/threads/thread.ts";
import { ConfigurationError } from "../../../../src/errors.ts";
import { isNode, isWorkerd } from "../../../../src/runtime/detect.ts";

const url = "file:///hash.js";
const square = thread((n: number) => n * n);

describe("inThreads", () => {
  it.skipIf(isWorkerd()).each([
    ["size", 0, "a positive integer: current value is 0"],
    ["size", 1.5, "a positive integer: current value is 1.5"],
    ["timeout", 0, "a number above 0: current value is 0"],
    ["startTimeout", "1", 'a number above 0: current value is "1"'],
    ["idleTimeout", -1, "a number above 0: current value is -1"],
    ["maxCrashes", 0, "a positive integer or Infinity: current value is 0"],
    ["transfer", [], "a function: current value is an array of 0"],
    ["resourceLimits", 64, "an object: current value is 64"],
    ["threads", 2, "a known option, perhaps 'timeout': current value is 2"],
  ])("refuses %s of %o", (name, value, rule) => {
    const create = () => inThreads(url, { [name]: value });
    expect(create).toThrow(ConfigurationError);
    expect(create).toThrow(`Cannot create threads as '${name}' must be ${rule}`);
  });

  it.each([
    ["./hash.js", '"./hash.js"'],
    [undefined, "undefined"],
    [{}, "an object"],
  ])("refuses the module %o", (module, shown) => {
    expect(() => inThreads(module as string)).toThrow(
      "Cannot create threads as 'module' must be an absolute URL, such as " +
        `new URL("./hash.js", import.meta.url), a function that returns a Worker, or the result of thread(fn): ` +
        `current value is ${shown}`,
    );
  });

  it("refuses options that are without effect beside a function", () => {
    expect(() => inThreads(square, { size: 2 })).toThrow(
      "Cannot create threads as 'size' must be omitted beside a function, which runs inline: " +
        "current value is 2",
    );
  });

  it.skipIf(isNode() || isWorkerd())("refuses limits where a runtime has none", () => {
    expect(() => inThreads(url, { resourceLimits: {} })).toThrow(
      "Cannot create threads as 'resourceLimits' must be omitted where it is not a URL on Node",
    );
  });

  it.runIf(isWorkerd())("refuses a module where there are no threads", () => {
    expect(() => inThreads(url)).toThrow(
      "Cannot create threads as 'module' must be the result of thread(fn), as this runtime has no threads: " +
        'current value is "file:///hash.js"',
    );
  });

  it.skipIf(isWorkerd())("has at least one thread", async () => {
    const threads = inThreads(url);
    expect(threads.size).toBeGreaterThan(0);
    await threads.close(); // None has begun.
  });

  it.skipIf(isWorkerd())("tells that a function gives no Worker", async () => {
    const threads = inThreads((() => ({})) as never);
    await expect(threads([1] as never[], { signal: new AbortController().signal })).rejects.toThrow(
      "Cannot start a thread as 'module' must be a module that can be loaded and calls thread(fn): " +
        'current value is "the given Worker": The function gave no Worker of the web',
    );
  });
});

describe("thread", () => {
  it("gives the function itself", () => {
    const double = (n: number) => 2 * n;
    expect(thread(double)).toBe(double);
  });

  it("refuses what is no function, and options that it does not know", () => {
    expect(() => thread(1 as never)).toThrow(
      "Cannot call thread() as 'fn' must be a function: current value is 1",
    );
    expect(() => thread(() => 1, { transfers: 1 } as never)).toThrow(
      "Cannot call thread() as 'transfers' must be a known option, perhaps 'transfer': " +
        "current value is 1",
    );
  });
});
