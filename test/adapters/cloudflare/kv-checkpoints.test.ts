import { expect, it } from "vitest";
import { kvCheckpoints } from "../../../src/adapters/cloudflare.ts";

it("kvCheckpoints() refuses what is no binding of KV", () => {
  expect(() => kvCheckpoints(new Map() as never)).toThrow(
    "Cannot construct kvCheckpoints as 'kv' must be a binding of Workers KV, such as 'env.KV'",
  );
});
