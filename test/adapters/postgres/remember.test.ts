import { describe, expect, it, vi } from "vitest";
import { remember } from "../../../src/adapters/postgres/remember.ts";

/** What is remembered, made by hand. */
function setUp() {
  const made: {
    signal: AbortSignal;
    resolve: (value: string) => void;
    reject: (e: unknown) => void;
  }[] = [];
  const get = remember((signal) =>
    new Promise<string>((resolve, reject) => void made.push({ signal, resolve, reject }))
  );
  return { made, get };
}

describe("remember()", () => {
  it("calls once for all callers, and again after a failure", async () => {
    const { made, get } = setUp();
    const both = Promise.allSettled([get(), get()]);
    made[0]!.reject(new Error("no"));
    expect((await both).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    const next = get();
    made[1]!.resolve("yes");
    expect(await next).toBe("yes");
    expect(await get()).toBe("yes");
    expect(made).toHaveLength(2);
  });

  it("continues for others when one caller gives up, and aborts with the last one", async () => {
    const { made, get } = setUp();
    const [one, other] = [new AbortController(), new AbortController()];
    const calls = [get(one.signal), get(other.signal)];
    one.abort(new Error("one"));
    await expect(calls[0]).rejects.toThrow("one");
    expect(made[0]!.signal.aborted).toBe(false);
    other.abort(new Error("other"));
    await vi.waitFor(() => expect(made[0]!.signal.reason).toEqual(new Error("other")));
    made[0]!.reject(new Error("ended")); // The last one waits for that.
    await expect(calls[1]).rejects.toThrow("other");
    const next = get();
    made[1]!.resolve("anew");
    expect(await next).toBe("anew");
  });

  it("does not call if the signal has aborted", async () => {
    const { made, get } = setUp();
    await expect(get(AbortSignal.abort(new Error("before")))).rejects.toThrow("before");
    expect(made).toEqual([]);
  });
});
