import { describe, expect, it } from "vitest";
import { keyToken } from "../../../src/adapters/nats/key-token.ts";

describe("keyToken()", () => {
  it.each([
    ["", "="],
    ["a", "YQ"],
    ["users ü?>", "dXNlcnMgw7w_Pg"],
    ["a".repeat(150), "YWFh".repeat(50)],
    ["a".repeat(151), "=VBbVjQmV6tQLFzK_-N7ll9pZlrquLiNzznFph7Z37nI"],
  ])("makes one token of %j", async (name, token) => {
    const made = await keyToken("use a key", name);
    expect(made).toBe(token);
    expect(made).toMatch(/^[-=\w]+$/);
    expect(made.length).toBeLessThanOrEqual(200);
  });

  it("tells long names apart", async () => {
    const names = ["1", "2", "\u{1F600}"].map((end) => "long".repeat(1000) + end);
    const tokens = await Promise.all(names.map((name) => keyToken("use a key", name)));
    expect(new Set(tokens).size).toBe(3);
  });

  it("refuses half a character, which bytes cannot tell from another one", async () => {
    await expect(keyToken("use a key", "a\ud800")).rejects.toThrow(
      "Cannot use a key as 'key' must be text without lone surrogates",
    );
  });
});
