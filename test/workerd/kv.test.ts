// @ts-expect-error: the types of a Worker are those of no other test.
import { env } from "cloudflare:test";
import { describe, it } from "vitest";
import { type KvBinding, kvCheckpoints } from "../../src/adapters/cloudflare.ts";
import { testCheckpointStore } from "../../src/adapters/testing.ts";

describe("checkpoints in KV", () => {
  const kv = (env as { KV: KvBinding }).KV;
  let runs = 0;
  const create = () => kvCheckpoints(kv, { prefix: `${runs++}/`, interval: 0 });
  testCheckpointStore(it, { create, claims: false });
});
