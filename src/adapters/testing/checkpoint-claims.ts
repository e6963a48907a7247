import type { Checkpoint, CheckpointStore, Claim } from "../../checkpoints/checkpoint.ts";
import { expectError, expectSame } from "./expectations.ts";
import { newKey } from "./new-key.ts";

/** Defines a test of a store. */
export type DefineStoreTest = (
  name: string,
  test: (store: CheckpointStore) => Promise<void>,
) => unknown;

const now = 1_700_000_000_000;
const lease = 60_000; // Longer than a test takes, for stores with a clock of their own.
const one: Claim = { runId: "one", until: now + 1000, lease };
const two: Claim = { runId: "two", until: now + 1500, lease };
const checkpoint = (offset: number, runId?: string): Checkpoint => ({
  ...{ offset, done: [], updatedAt: now },
  ...(runId !== undefined && { runId }),
});

/** Defines the tests of a store that keeps a second run of the same key out. */
export function testClaims(define: DefineStoreTest): void {
  testOwners(define);
  testClocks(define);
  testReleases(define);
  testWrites(define);
  testReturns(define);
}

function testOwners(define: DefineStoreTest): void {
  define("gives a free key to the run that claims it", async (store) => {
    const { claim } = claimsOf(store);
    expectSame("claim", await claim(newKey(), one, now), one);
  });

  define("has no checkpoint for a key that is only claimed", async (store) => {
    const key = newKey();
    await claimsOf(store).claim(key, one, now);
    expectSame("read", await store.read(key), undefined);
  });

  define("renews the claim of its owner, in time and late", async (store) => {
    const { claim } = claimsOf(store);
    const key = newKey();
    await claim(key, one, now);
    const renewed = { runId: "one", until: now + 3000, lease };
    expectSame("renewal", await claim(key, renewed, now + 900), renewed);
    expectSame("the claim of another", await claim(key, two, now + 1400), renewed);
    const late = { runId: "one", until: now + 9000, lease };
    expectSame("late renewal", await claim(key, late, now + 8000), late);
  });

  for (const early of [1000, 1]) {
    define(`refuses another run ${early} ms before the time is up`, async (store) => {
      const { claim } = claimsOf(store);
      const key = newKey();
      await claim(key, one, now);
      expectSame("claim", await claim(key, two, one.until - early), one);
      expectSame("the owner's renewal", await claim(key, one, one.until - early), one);
    });
  }

  for (const late of [0, 1, 1_000_000]) {
    define(`gives a key to another run ${late} ms after the time is up`, async (store) => {
      const { claim } = claimsOf(store);
      const key = newKey();
      await claim(key, one, now);
      const taken = { runId: "two", until: one.until + late + 1000, lease };
      expectSame("claim", await claim(key, taken, one.until + late), taken);
      expectSame("the claim of the first", await claim(key, one, one.until + late), taken);
    });
  }

  define("gives a key to one of many runs that claim it at once", async (store) => {
    const { claim } = claimsOf(store);
    const key = newKey();
    const runs = Array.from({ length: 10 }, (_, n) => `run ${n}`);
    const until = now + 1000;
    const claims = runs.map((runId) => claim(key, { runId, until, lease }, now));
    const answers = await Promise.all(claims);
    const [first] = answers;
    expectSame("the answers", answers, answers.map(() => first));
    expectSame("the owner is one of them", runs.includes(first!.runId), true);
    expectSame("the owner", await claim(key, { runId: "late", until, lease }, now), first);
  });
}

/** A run gets in by what it has seen of the claim, and never by what a clock says. */
function testClocks(define: DefineStoreTest): void {
  const year = 365 * 86_400_000;
  for (const [when, until] of [["ahead", Date.now() + year], ["behind", 1]] as const) {
    define(`keeps the claim of a run whose clock is a year ${when}`, async (store) => {
      const { claim } = claimsOf(store);
      const key = newKey();
      const skewed = { runId: "one", until, lease };
      expectSame("claim", await claim(key, skewed, 0), skewed);
      const other = { runId: "two", until: Date.now() + lease, lease };
      expectSame("the claim of another", await claim(key, other, 0), skewed);
      expectSame("the claim of who has watched it", await claim(key, other, until), other);
    });
  }

  define("refuses a run that has watched a claim which was renewed since", async (store) => {
    const { claim } = claimsOf(store);
    const key = newKey();
    await claim(key, one, 0);
    const renewed = { ...one, until: one.until + 1 };
    expectSame("renewal", await claim(key, renewed, 0), renewed);
    expectSame("the claim of another", await claim(key, two, one.until), renewed);
    expectSame("the claim of who has watched it", await claim(key, two, renewed.until), two);
  });

  define("keeps a claim that is never over", async (store) => {
    const { claim, release } = claimsOf(store);
    const key = newKey();
    const endless = { runId: "one", until: Infinity, lease: Infinity };
    expectSame("claim", await claim(key, endless, 0), endless);
    expectSame("the claim of another", await claim(key, two, now + year), endless);
    await release(key, "one");
    expectSame("the claim after its release", await claim(key, two, 0), two);
  });
}

function testReleases(define: DefineStoreTest): void {
  define("gives a key that its owner has released to another run", async (store) => {
    const { claim, release } = claimsOf(store);
    const key = newKey();
    await claim(key, one, now);
    await store.write(key, checkpoint(3, "one"));
    await release(key, "one");
    expectSame("read", await store.read(key), checkpoint(3, "one"));
    expectSame("claim", await claim(key, two, now), two);
  });

  define("keeps the claim when another run releases it", async (store) => {
    const { claim, release } = claimsOf(store);
    const key = newKey();
    await claim(key, one, now);
    await release(key, "two");
    expectSame("claim", await claim(key, two, now), one);
  });

  define("takes the release of a key that nobody owns", async (store) => {
    const { claim, release } = claimsOf(store);
    const key = newKey();
    await release(key, "one");
    expectSame("claim", await claim(key, two, now), two);
  });

  define("keeps the claims of other keys", async (store) => {
    const { claim, release } = claimsOf(store);
    const [key, other] = [newKey(), newKey()];
    await claim(key, one, now);
    expectSame("claim", await claim(other, two, now), two);
    await release(other, "two");
    expectSame("claim", await claim(key, two, now), one);
  });
}

function testWrites(define: DefineStoreTest): void {
  define("takes the writes of the owner", async (store) => {
    const key = newKey();
    await claimsOf(store).claim(key, one, now);
    await store.write(key, checkpoint(1, "one"));
    expectSame("read", await store.read(key), checkpoint(1, "one"));
  });

  for (const runId of ["two", undefined]) {
    const who = runId === undefined ? "nobody" : "another run";
    define(`refuses the writes of ${who} while a key is claimed`, async (store) => {
      const { claim, release } = claimsOf(store);
      const key = newKey();
      await claim(key, one, now);
      const refused = () => store.write(key, checkpoint(9, runId));
      await expectError("the first write", "FencedError", refused);
      expectSame("read", await store.read(key), undefined);
      await store.write(key, checkpoint(1, "one"));
      await expectError("a later write", "FencedError", refused);
      expectSame("read", await store.read(key), checkpoint(1, "one"));
      await release(key, "one");
      await store.write(key, checkpoint(9, runId));
      expectSame("read", await store.read(key), checkpoint(9, runId));
    });
  }

  define("refuses the writes of a run whose key was taken over", async (store) => {
    const { claim } = claimsOf(store);
    const key = newKey();
    await claim(key, one, now);
    await store.write(key, checkpoint(1, "one"));
    await claim(key, two, one.until);
    await expectError("write", "FencedError", () => store.write(key, checkpoint(2, "one")));
    expectSame("read", await store.read(key), checkpoint(1, "one"));
    await store.write(key, checkpoint(3, "two"));
    expectSame("read", await store.read(key), checkpoint(3, "two"));
  });
}

function testReturns(define: DefineStoreTest): void {
  /** A run whose key another one has had in the meantime. */
  const overtaken = async (store: CheckpointStore, offset: number) => {
    const { claim, release } = claimsOf(store);
    const key = newKey();
    await claim(key, one, now);
    if (offset > 0) await store.write(key, checkpoint(offset, "one"));
    await claim(key, two, one.until);
    await store.write(key, checkpoint(3, "two"));
    await release(key, "two");
    return key;
  };
  const again = { runId: "one", until: two.until + 1000, lease };
  const expectLate = async (store: CheckpointStore, key: string) => {
    const write = () => store.write(key, checkpoint(2, "one"));
    await expectError("late write", "FencedError", write);
    expectSame("read", await store.read(key), checkpoint(3, "two"));
  };

  for (const offset of [0, 1]) {
    const which = offset === 0 ? "first" : "late";
    define(`refuses the ${which} write of a run after another has come and gone`, async (store) => {
      await expectLate(store, await overtaken(store, offset));
    });

    define(`refuses the ${which} write also where the run has its key again`, async (store) => {
      const key = await overtaken(store, offset);
      expectSame("claim", await claimsOf(store).claim(key, again, two.until), again);
      await expectLate(store, key);
    });
  }

  define(
    "refuses the write of a run that began from another one which came back",
    async (store) => {
      const { claim, release } = claimsOf(store);
      const key = newKey();
      await claim(key, one, now);
      await store.write(key, checkpoint(1, "one"));
      await claim(key, two, one.until);
      await claim(key, again, two.until);
      await store.write(key, checkpoint(3, "one"));
      await release(key, "one");
      const late = () => store.write(key, checkpoint(2, "two"));
      await expectError("late write", "FencedError", late);
      expectSame("read", await store.read(key), checkpoint(3, "one"));
    },
  );

  define("refuses what lacks a range that another run has finished", async (store) => {
    const key = newKey();
    await store.write(key, { ...checkpoint(1, "one"), done: [[3, 5]] });
    const late = () => store.write(key, { ...checkpoint(2, "two"), done: [[3, 4], [6, 9]] });
    await expectError("late write", "FencedError", late);
    expectSame("read", await store.read(key), { ...checkpoint(1, "one"), done: [[3, 5]] });
  });

  define("takes the writes of a run that knows what another has finished", async (store) => {
    const key = await overtaken(store, 1);
    await store.write(key, checkpoint(3, "one"));
    await store.write(key, checkpoint(5, "two"));
    expectSame("read", await store.read(key), checkpoint(5, "two"));
  });

  define("takes anything of no run, as it is written by hand", async (store) => {
    const key = await overtaken(store, 1);
    await store.write(key, checkpoint(0));
    expectSame("read", await store.read(key), checkpoint(0));
    await store.write(key, checkpoint(1, "one"));
    expectSame("read", await store.read(key), checkpoint(1, "one"));
  });
}

interface Claims {
  claim(key: string, claim: Claim, now: number): Promise<Claim>;
  release(key: string, runId: string): Promise<void>;
}

function claimsOf(store: CheckpointStore): Claims {
  if (store.claim === undefined || store.release === undefined) {
    throw new Error("The store has no 'claim' or no 'release': say so with `claims: false`");
  }
  return {
    claim: async (key, claim, now) => await store.claim!(key, claim, now),
    release: async (key, runId) => void await store.release!(key, runId),
  };
}
