import { expect, it } from "vitest";
import { postgresJobStore } from "../../../src/adapters/postgres.ts";
import { testJobStore } from "../../../src/adapters/testing.ts";
import type { Bench } from "../../support/postgres/cases.ts";

const settled = {
  state: "completed" as const,
  ...{ extracted: 1, loaded: 1, skipped: 0, deadLettered: 0, returned: 0, pending: 0 },
  ...{ earlier: 0, rows: 1 },
};

/** Defines the tests of jobs that are kept in the database. */
export function testPostgresJobs({ tested }: Bench): void {
  let jobs = 0;
  testJobStore(it, {
    create: (lease) =>
      postgresJobStore(tested().client, { job: `it's job ${jobs++}`, lease, pollInterval: 5 }),
  });

  it("keeps jobs apart, also by schema", async () => {
    await tested().run("drop schema if exists jobs cascade; create schema jobs");
    const of = (job: string, schema?: string) => postgresJobStore(tested().client, { job, schema });
    const stores = [of("a"), of("b"), of("a", "jobs")];
    for (const [n, store] of stores.entries()) await store.add([{ id: "x", descriptor: n }]);
    await stores[0]!.cancel();
    const leases = await Promise.all(stores.map((store) => store.take("w")));
    expect(leases.map((lease) => lease?.partition.descriptor)).toEqual([undefined, 1, 2]);
  });

  const hour = 3_600_000;
  const waitingFor = (job: string) =>
    postgresJobStore(tested().client, { job, lease: hour, pollInterval: hour });
  // By Bun.SQL, whose options name the kind of database, a store looks again and again.
  const canListen = () => !("adapter" in Object((tested().client as { options?: object }).options));

  it("tells those who wait of what they can take, and of the end", async () => {
    if (!canListen()) return;
    const other = waitingFor("told");
    const watch = waitingFor("told").watch("partitions");
    await watch.changed(undefined); // It listens.
    const settle = async () => void await (await other.take("w"))!.settle(settled);
    const changes = [
      () => other.add([{ id: "a", descriptor: 1 }, { id: "b", descriptor: 1 }]),
      () => other.seal(),
      async () => void await (await other.take("w"))!.giveBack({ delay: 0 }),
      async () => void await Promise.all([settle(), settle()]),
      () => other.cancel(),
    ];
    for (const change of changes) {
      const changed = watch.changed(undefined);
      await change();
      await changed;
    }
    watch.close();
  });

  it("wakes those who wait when the connection is lost, and takes none that is not needed", async () => {
    if (!("totalCount" in tested().client)) return; // A pool of pg.
    const isListening = `from pg_stat_activity where query ilike 'listen millrace_job'`;
    const watch = waitingFor("lost").watch("partitions");
    await watch.changed(undefined);
    const changed = watch.changed(undefined);
    await tested().run(`select pg_terminate_backend(pid) ${isListening}`);
    await changed;
    watch.close();
    const listening = async () =>
      (await tested().run(`select count(*)::int as n ${isListening}`))[0]!["n"];
    while (await listening() !== 0); // Its client has heard of its end first.
    const [one, two] = [waitingFor("lost").watch("partitions"), waitingFor("lost").watch()];
    one.close(); // Nobody waits.
    expect(await listening()).toBe(0);
    await one.changed(AbortSignal.abort());
    two.close();
    await two.changed(AbortSignal.abort());
    while (await listening() !== 0);
  });

  it("looks again and again where it does not listen", async () => {
    const options = { job: "polled", pollInterval: 1, listen: false };
    const watch = postgresJobStore(tested().client, options).watch("partitions");
    for (let look = 0; look < 3; look++) await watch.changed(undefined);
    watch.close();
  });

  it.each([
    [{ job: "" }, "'job' must be a non-empty string"],
    [{ job: "a", lease: 0 }, "'lease' must be a finite number above 0"],
    [{ job: "a", pollInterval: Infinity }, "'pollInterval' must be a finite number above 0"],
  ])("refuses %o", (options, rule) => {
    expect(() => postgresJobStore(tested().client, options)).toThrow(
      `Cannot create postgresJobStore as ${rule}`,
    );
  });
}
