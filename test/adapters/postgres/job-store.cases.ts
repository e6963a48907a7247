import { expect, it } from "vitest";
import { postgresJobStore } from "../../../src/adapters/postgres.ts";
import { testJobStore } from "../../../src/adapters/testing.ts";
import type { Bench } from "../../support/postgres/cases.ts";

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
