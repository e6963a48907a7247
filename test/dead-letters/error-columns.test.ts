import { describe, expect, it } from "vitest";
import { errorColumns } from "../../src/dead-letters/error-columns.ts";

describe("errorColumns()", () => {
  it.each<[unknown, ReturnType<typeof errorColumns>]>([
    [new TypeError("no"), { name: "TypeError", message: "no", code: null }],
    [Object.assign(new Error("no"), { code: "E1" }), { name: "Error", message: "no", code: "E1" }],
    [{ name: "own", message: "no", code: 7 }, { name: "own", message: "no", code: "7" }],
    ["no", { name: null, message: "no", code: null }],
    [{ name: {}, message: "no", code: true }, { name: null, message: "no", code: null }],
  ])("of %o are text or null: %o", (error, columns) => {
    expect(errorColumns(error)).toEqual(columns);
  });

  it("of an error whose properties throw are null, but for a message", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const columns = { name: null, message: expect.any(String), code: null };
    expect(errorColumns(proxy)).toEqual(columns);
  });
});
