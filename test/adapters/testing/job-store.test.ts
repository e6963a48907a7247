import { describe, expect, it } from "vitest";
import { MemoryJobStore } from "../../../src/adapters/jobs.ts";
import { type JobStore, type Lease, testJobStore } from "../../../src/adapters/testing.ts";

/** The names of the tests that a store fails. */
async function failuresOf(create: (lease: number) => JobStore): Promise<string[]> {
  const tests = new Map<string, () => void | Promise<void>>();
  testJobStore((name, test) => tests.set(name, test), { create });
  const failures: string[] = [];
  for (const [name, test] of tests) {
    await Promise.resolve().then(test).catch(() => void failures.push(name));
  }
  return failures;
}

/** A store in memory of which something is replaced. */
const storeBut = (change: (store: MemoryJobStore) => Partial<JobStore>) => (lease: number) => {
  const store = new MemoryJobStore({ lease });
  const bound = Object.fromEntries(
    ["add", "seal", "read", "cancel", "take", "watch", "results"].map((name) => [
      name,
      (store[name as keyof JobStore] as () => unknown).bind(store),
    ]),
  );
  return { lease, ...bound, ...change(store) } as JobStore;
};

/** A store that lends other leases. */
const leaseBut = (change: (lease: Lease) => Partial<Lease>) =>
  storeBut((store) => ({
    take: async (worker) => {
      const lease = await store.take(worker);
      return lease && { ...lease, ...change(lease) };
    },
  }));

const faults: [string, (lease: number) => JobStore, string][] = [
  [
    "lends what is settled as if it were not",
    leaseBut((lease) => ({
      settle: async () => (await lease.giveBack({ delay: 0 }), true),
    })),
    "settles once",
  ],
  [
    "forgets a failure",
    leaseBut((lease) => ({
      giveBack: ({ delay }) => lease.giveBack({ delay }),
    })),
    "counts a failure",
  ],
  [
    "does not wait",
    leaseBut((lease) => ({
      giveBack: ({ error }) => lease.giveBack({ delay: 0, ...error !== undefined && { error } }),
    })),
    "does not lend what was given back before its delay is over",
  ],
  [
    "says that a lost lease is held",
    leaseBut((lease) => ({
      extend: async (counts) => (await lease.extend(counts), "held" as const),
    })),
    "lends a partition of which nothing is heard, and the first has lost it",
  ],
  [
    "counts each worker that was lost, however far it came",
    leaseBut((lease) => ({
      extend: ({ loaded: _, ...counts }) => lease.extend({ ...counts, loaded: 0 }),
    })),
    "counts anew how often a partition was begun once it has moved",
  ],
  [
    "ends although it is not sealed",
    storeBut((store) => ({
      read: async () => ({ ...await store.read(), state: "ended" as const }),
    })),
    "splits, runs and ends",
  ],
  [
    "lends what is cancelled",
    storeBut((store) => ({
      cancel: () => Promise.resolve(),
      take: (worker) => store.take(worker),
    })),
    "lends nothing any more once it is cancelled",
  ],
  [
    "changes descriptors",
    storeBut((store) => ({
      add: (parts) => store.add(parts.map(({ id }) => ({ id, descriptor: id }))),
    })),
    "keeps what is there where it is added again",
  ],
  [
    "tells no results",
    storeBut(() => ({
      async *results() {},
    })),
    "tells results in the order of their ids, with what is counted",
  ],
];

describe("testJobStore()", () => {
  it("passes a store that keeps the contract", async () => {
    expect(await failuresOf((lease) => new MemoryJobStore({ lease }))).toEqual([]);
  });

  it.each(faults)("fails a store that %s", async (_, create, name) => {
    expect(await failuresOf(create)).toContain(name);
  });
});
