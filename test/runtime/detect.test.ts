import { afterEach, describe, expect, it, vi } from "vitest";
import { environmentVariable, hostProcess, isBun, isWorkerd } from "../../src/runtime/detect.ts";

afterEach(() => void vi.unstubAllGlobals());

describe("the runtime", () => {
  it("is workerd if its navigator says so", () => {
    vi.stubGlobal("navigator", { userAgent: "Cloudflare-Workers" });
    expect(isWorkerd()).toBe(true);
    vi.stubGlobal("navigator", { userAgent: "Node.js/24" });
    expect(isWorkerd()).toBe(false);
    vi.stubGlobal("navigator", undefined);
    expect(isWorkerd()).toBe(false);
  });

  it("is Bun if it has the name, whatever it stands for", () => {
    expect(isBun()).toBe("Bun" in globalThis);
  });

  it("may have no process", () => {
    vi.stubGlobal("process", undefined);
    expect(hostProcess()).toBeUndefined();
    expect(environmentVariable("CI")).toBe("");
  });
});

describe("environmentVariable()", () => {
  const set = (state?: string) => {
    vi.stubGlobal("process", { env: { CI: "true" } });
    const permissions = { querySync: () => ({ state }) };
    vi.stubGlobal("Deno", state === undefined ? undefined : { permissions });
  };

  it("returns a variable, and an empty text for one that is not set", () => {
    set();
    expect([environmentVariable("CI"), environmentVariable("NONE")]).toEqual(["true", ""]);
  });

  it.each([["granted", "true"], ["prompt", ""], ["denied", ""]])(
    "asks for no permission on Deno: %s",
    (state, value) => {
      set(state);
      expect(environmentVariable("CI")).toBe(value);
    },
  );
});
