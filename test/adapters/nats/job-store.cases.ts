import { Kvm } from "@nats-io/kv";
import { connect } from "@nats-io/transport-node";
import { expect, it } from "vitest";
import { coordinate, type Job, work } from "../../../src/adapters/jobs.ts";
import { natsJobStore, type NatsKv } from "../../../src/adapters/nats.ts";
import { testJobStore } from "../../../src/adapters/testing.ts";
import type { NatsBench } from "../../support/nats/bench.ts";

/** Defines the tests of jobs that are kept in a bucket. */
export function testNatsJobs({ bucket, server, hasty }: NatsBench): void {
  let jobs = 0;
  testJobStore(it, {
    create: (lease) => natsJobStore(bucket(), { job: `it's job ${jobs++}`, lease }),
  });

  it("keeps jobs apart", async () => {
    const stores = ["a", "b", "a.b", "*", ">"].map((job) => natsJobStore(bucket(), { job }));
    for (const [n, store] of stores.entries()) await store.add([{ id: "x", descriptor: n }]);
    await stores[0]!.cancel();
    const leases = await Promise.all(stores.map((store) => store.take("w")));
    expect(leases.map((lease) => lease?.partition.descriptor)).toEqual([undefined, 1, 2, 3, 4]);
  });

  it("gives each partition to one of two processes, and each is told what the other did", async () => {
    const other = await connect({ servers: server().url });
    const theirs = await new Kvm(other).open("bench", { allow_direct: false });
    const stores = [bucket(), theirs].map((kv) => natsJobStore(kv, { job: "two" }));
    const watch = stores[1]!.watch();
    await stores[1]!.read();
    await stores[0]!.add(Array.from({ length: 20 }, (_, n) => ({ id: `${n}`, descriptor: n })));
    while ((await stores[1]!.read()).partitions.total < 20) await watch.changed(undefined);
    const takes = Array.from({ length: 50 }, (_, n) => stores[n % 2]!.take("w"));
    const leases = (await Promise.all(takes)).filter((lease) => lease !== undefined);
    expect(new Set(leases.map(({ partition }) => partition.id)).size).toBe(20);
    expect(leases.length).toBe(20);
    const counts = {
      ...{ extracted: 1, loaded: 1, skipped: 0, deadLettered: 0, returned: 0, pending: 0 },
      ...{ earlier: 0, rows: 1 },
    };
    for (const lease of leases) await lease.settle({ state: "completed", ...counts });
    await stores[0]!.seal();
    while ((await stores[1]!.read()).state !== "ended") await watch.changed(undefined);
    const sums = { extracted: 20, loaded: 20, rows: 20 };
    expect((await stores[1]!.read()).counts).toEqual({ ...counts, ...sums });
    watch.close();
    await other.close();
  });

  it("knows whether it has settled a partition where the answer was lost", async () => {
    let isLost = false;
    const kv: NatsKv = {
      get: (key) => bucket().get(key),
      watch: (options) => bucket().watch(options),
      put: async (...change) => {
        const revision = await bucket().put(...change);
        if (isLost) throw new Error("TIMEOUT");
        return revision;
      },
    };
    const store = natsJobStore(kv, { job: "lost answers" });
    await store.add([{ id: "a", descriptor: 1 }]);
    const lease = (await store.take("w"))!;
    isLost = true;
    const settlement = { state: "completed", ...lease.counts } as const;
    await expect(lease.settle(settlement)).rejects.toThrow("TIMEOUT");
    isLost = false;
    expect(await lease.settle(settlement)).toBe(true);
  });

  it("runs a job whose server is killed and started again", async () => {
    const store = natsJobStore(hasty.bucket(), { job: "outage", lease: 1000 });
    const loaded: number[] = [];
    let isKilled = false;
    const job: Job<number, number, number> = {
      name: "outage",
      split: () => [0, 1, 2, 3, 4, 5],
      id: (n) => `part ${n}`,
      pipeline: (n) => ({
        extract: async () => {
          if (n === 3 && !isKilled) {
            isKilled = true;
            await server().kill();
            await server().start();
          }
          return [n];
        },
        load: (rows) => void loaded.push(...rows),
      }),
    };
    await store.add([0, 1, 2, 3, 4, 5].map((n) => ({ id: `part ${n}`, descriptor: n })));
    await store.seal();
    while ((await store.read()).state !== "ended") {
      await work(job, { store, until: "done" }).catch(() => {}); // The server could not be reached.
    }
    const report = await coordinate(job, { store });
    expect(report.partitions).toEqual({ total: 6, completed: 6, dead: 0, cancelled: 0 });
    expect(new Set(loaded)).toEqual(new Set([0, 1, 2, 3, 4, 5]));
  });

  it("gives back a partition that failed as the server could not be reached", async () => {
    const store = natsJobStore(bucket(), { job: "unreachable" });
    const called = Promise.withResolvers<void>();
    const stop = new AbortController();
    await store.add([{ id: "a", descriptor: 1 }]);
    await store.seal();
    const job: Job<number, number, number> = {
      name: "unreachable",
      split: () => [1],
      id: () => "a",
      pipeline: () => ({
        extract: () => [1],
        load: () => {
          called.resolve();
          throw Object.assign(new Error("timeout"), { name: "TimeoutError" });
        },
      }),
    };
    const working = work(job, { store, signal: stop.signal, maxFailures: 1 });
    await called.promise;
    stop.abort();
    const result = await working;
    expect(result).toMatchObject({ dead: 0, failed: 0, returned: 1 });
  });

  it.each([
    [{ job: "" }, "'job' must be a non-empty string"],
    [{ job: "a", lease: 0 }, "'lease' must be a finite number above 0"],
  ])("refuses %o", (options, rule) => {
    expect(() => natsJobStore(bucket(), options)).toThrow(`Cannot create natsJobStore as ${rule}`);
  });

  it("refuses what is no bucket", () => {
    expect(() => natsJobStore({} as NatsKv, { job: "a" })).toThrow(
      "Cannot create natsJobStore as 'kv' must be a bucket of @nats-io/kv",
    );
  });
}
