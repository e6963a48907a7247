import { describe, expect, it } from "vitest";
import { type CheckpointStoreSuite, testCheckpointStore } from "../../../src/adapters/testing.ts";
import { FencedError } from "../../../src/errors.ts";
import type { Checkpoint, CheckpointStore, Claim } from "../../../src/checkpoints/checkpoint.ts";
import { MemoryCheckpointStore } from "../../../src/checkpoints/memory-checkpoint-store.ts";

/** Runs a suite, and gives its tests with what each failed with. */
async function outcomesOf(suite: CheckpointStoreSuite): Promise<Map<string, string>> {
  const tests = new Map<string, () => void | Promise<void>>();
  testCheckpointStore((name, test) => tests.set(name, test), suite);
  const outcomes = new Map<string, string>();
  for (const [name, test] of tests) {
    const outcome = await Promise.resolve().then(test).then(() => "", ({ message }) => message);
    outcomes.set(name, outcome);
  }
  return outcomes;
}

/** The messages of the tests that failed. */
async function failuresOf(create: () => CheckpointStore): Promise<string[]> {
  return [...(await outcomesOf({ create })).values()].filter((message) => message !== "");
}

/** A store in memory of which something is replaced. */
const storeBut = (change: (store: MemoryCheckpointStore) => Partial<CheckpointStore>) => () => {
  const store = new MemoryCheckpointStore();
  return {
    read: (key: string) => store.read(key),
    write: (key: string, checkpoint: Checkpoint) => store.write(key, checkpoint),
    claim: (key: string, claim: Claim, now: number) => store.claim(key, claim, now),
    release: (key: string, runId: string) => store.release(key, runId),
    ...change(store),
  };
};

const faults: [string, (store: MemoryCheckpointStore) => Partial<CheckpointStore>, string][] = [
  ["invents a checkpoint", (store) => ({
    read: (key) => store.read(key) ?? { offset: 0, done: [], updatedAt: 0 },
  }), 'read: expected nothing, got {"offset":0,"done":[],"updatedAt":0}'],
  [
    "forgets the ranges",
    (store) => ({
      write: (key, checkpoint) => store.write(key, { ...checkpoint, done: [] }),
    }),
    'read: expected {"offset":1,"done":[[3,4],[6,9]],"updatedAt":1}, got {"offset":1,"done":[],"updatedAt":1}',
  ],
  ["forgets the positions of ranges", (store) => ({
    write: (key, { done, ...rest }) =>
      store.write(key, { ...rest, done: done.map(([from, to]) => [from, to]) }),
  }), "read: expected"],
  ["forgets the position", (store) => ({
    write: (key, { position: _, ...rest }) => store.write(key, rest),
  }), "read: expected"],
  ["forgets the run", (store) => ({
    read: (key) => store.read(key) && { ...store.read(key)!, runId: undefined },
  }), "read: expected"],
  ["keeps what was written first", (store) => ({
    write: (key, checkpoint) => store.read(key) ?? store.write(key, checkpoint),
  }), "read: expected"],
  ["merges what is written", (store) => ({
    write: (key, checkpoint) => store.write(key, { ...store.read(key), ...checkpoint }),
  }), "read: expected"],
  ["mixes up letter cases", (store) => ({
    read: (key) => store.read(key.toLowerCase()),
    write: (key, checkpoint) => store.write(key.toLowerCase(), checkpoint),
  }), "read of"],
  ["cuts keys", (store) => ({
    read: (key) => store.read(key.slice(0, 255)),
    write: (key, checkpoint) => store.write(key.slice(0, 255), checkpoint),
  }), "read of"],
  ["mixes up lone surrogates", (store) => ({
    read: (key) => store.read(new TextDecoder().decode(new TextEncoder().encode(key))),
    write: (key, checkpoint) =>
      store.write(new TextDecoder().decode(new TextEncoder().encode(key)), checkpoint),
  }), "read of"],
  [
    "knows no claims",
    () => ({ claim: undefined!, release: undefined! }),
    "The store has no 'claim' or no 'release': say so with `claims: false`",
  ],
  ["claims for anybody", () => ({ claim: (_, claim) => claim }), "the claim of another: expected"],
  ["claims for nobody else", (store) => ({
    claim: (key, claim) => store.claim(key, claim, 0),
  }), "claim: expected"],
  ["compares claims with its clock", (store) => ({
    claim: (key, claim) => store.claim(key, claim, Date.now()),
  }), "claim: expected"],
  ["looks at the clock where nobody has watched the claim", (store) => ({
    claim: (key, claim, now) => store.claim(key, claim, now === 0 ? Date.now() : now),
  }), "the claim of another: expected"],
  ["forgets the lease of a claim", (store) => ({
    claim: (key, { runId, until }, now) => store.claim(key, { runId, until }, now),
  }), "claim: expected"],
  ["does not renew", (store) => {
    const claims = new Map<string, Claim>();
    return {
      claim: (key, claim, now) => {
        const holder = claims.get(key);
        if (holder?.runId === claim.runId && holder.until > now) return holder;
        const next = store.claim(key, claim, now);
        claims.set(key, next);
        return next;
      },
    };
  }, "renewal: expected"],
  ["takes a claim for good at its very end", (store) => ({
    claim: (key, claim, now) => store.claim(key, claim, now - 1),
  }), "claim: expected"],
  ["gives a claim away too early", (store) => ({
    claim: (key, claim, now) => store.claim(key, claim, now + 1),
  }), "claim: expected"],
  ["writes a checkpoint for a claim", (store) => ({
    claim: (key, claim, now) => {
      if (!store.read(key)) {
        store.write(key, { offset: 0, done: [], updatedAt: 0, runId: claim.runId });
      }
      return store.claim(key, claim, now);
    },
  }), "read: expected nothing"],
  ["looks before it claims", (store) => ({
    claim: async (key, claim, now) => {
      const holder = store.claim(key, { runId: claim.runId, until: 0 }, now);
      await Promise.resolve();
      return holder.runId === claim.runId ? (store.release(key, holder.runId), claim) : holder;
    },
  }), "the answers: expected"],
  ["does not release", () => ({ release: () => {} }), "claim: expected"],
  ["releases for anybody", (store) => ({
    release: (key) => {
      for (const runId of ["one", "two"]) store.release(key, runId);
    },
  }), "claim: expected"],
  ["forgets what is released", (store) => {
    const released = new Set<string>();
    return {
      read: (key) => released.has(key) ? undefined : store.read(key),
      release: (key, runId) => (released.add(key), store.release(key, runId)),
    };
  }, "read: expected"],
  ["looks at the claim alone", (store) => {
    const stored = new Map<string, Checkpoint>();
    return {
      read: (key) => stored.get(key),
      write: (key, checkpoint) => {
        const { runId } = store.claim(key, { runId: "?", until: 0 }, 0);
        if (runId === "?") store.release(key, "?");
        else if (runId !== checkpoint.runId) throw new FencedError(key, runId);
        stored.set(key, checkpoint);
      },
    };
  }, "late write: expected a FencedError, but got nothing"],
  ["looks at the watermark alone", (store) => {
    const ranges = new Map<string, Checkpoint>();
    return {
      read: (key) => ranges.get(key),
      write: (key, checkpoint) => {
        store.write(key, { ...checkpoint, done: [] });
        ranges.set(key, checkpoint);
      },
    };
  }, "late write: expected a FencedError, but got nothing"],
  ["takes from another run only what is more", (store) => ({
    write: (key, checkpoint) => {
      if (checkpoint.offset < (store.read(key)?.offset ?? 0)) throw new FencedError("a");
      store.write(key, checkpoint);
    },
  }), 'Checkpoint "a" belongs to another run'],
  ["takes the writes of anybody", () => {
    const checkpoints = new MemoryCheckpointStore();
    return {
      read: (key) => checkpoints.read(key),
      write: (key, checkpoint) => checkpoints.write(key, checkpoint),
    };
  }, "the first write: expected a FencedError, but got nothing"],
  ["takes the writes of nobody", (store) => ({
    write: (key, checkpoint) => {
      const { runId } = store.claim(key, { runId: "?", until: 0 }, 0);
      if (runId === "?") store.release(key, "?");
      store.write(key, { runId: runId === "?" ? undefined : runId, ...checkpoint });
    },
  }), "the first write: expected a FencedError, but got nothing"],
  ["refuses with another error", (store) => ({
    write: (key, checkpoint) => {
      try {
        store.write(key, checkpoint);
      } catch {
        throw new Error("no");
      }
    },
  }), "the first write: expected a FencedError, but it was Error: no"],
];

describe("testCheckpointStore()", () => {
  it("passes a store that keeps the contract", async () => {
    const outcomes = await outcomesOf({ create: storeBut(() => ({})) });
    expect([...outcomes.values()].filter((message) => message !== "")).toEqual([]);
    expect(outcomes.size).toBeGreaterThan(25); // Each has a name of its own.
  });

  it.each(faults)("fails for a store that %s", async (_, change, message) => {
    const failures = await failuresOf(storeBut(change));
    expect(failures.map((failure) => failure.slice(0, message.length))).toContain(message);
  });

  it("passes a store that rejects keys which its encoding does not have", async () => {
    const failures = await failuresOf(storeBut((store) => ({
      write: (key, checkpoint) => {
        if (/[\0\ud800-\udfff]/u.test(key)) throw new Error("no such text");
        store.write(key, checkpoint);
      },
    })));
    expect(failures).toEqual([]);
  });

  it("does not test claims of a store without them", async () => {
    const without = storeBut(() => ({ claim: undefined!, release: undefined! }));
    const outcomes = await outcomesOf({ create: without, claims: false });
    expect(new Set(outcomes.values())).toEqual(new Set([""]));
    expect(outcomes.size).toBeLessThan((await outcomesOf({ create: without })).size - 10);
  });

  it("destroys each store that it has created, even after a failure", async () => {
    const living = new Set<CheckpointStore>();
    const outcomes = await outcomesOf({
      create: async () => {
        const store = storeBut(() => ({ read: () => ({ offset: 99, done: [], updatedAt: 0 }) }))();
        living.add(store);
        return store;
      },
      destroy: async (store) => void living.delete(store),
    });
    expect([...outcomes.values()]).not.toEqual(Array(outcomes.size).fill(""));
    expect(living.size).toBe(0);
  });
});
