import * as fc from "fast-check";
import { DatabaseSync } from "node:sqlite";
import process from "node:process";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sqliteSink } from "../../src/adapters/sqlite.ts";
import { live, problemsOfSteps, SteppedWorld, stepPlans } from "../support/run/stepped-world.ts";

const numRuns = Number(process.env["STEP_RUNS"] ?? 1); // Each of 30 pipelines: about two seconds.

describe("steps into a table without a key", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("load each row once, whatever fails on the way", async () => {
    const plans = stepPlans.map((plan) => ({ ...plan, keeps: "store" as const }));
    const property = fc.asyncProperty(
      fc.array(plans, { minLength: 30, maxLength: 30 }),
      async (all) => {
        const worlds = all.map((plan) => {
          const db = new DatabaseSync(":memory:");
          db.exec("create table numbers (n integer)");
          const { load, checkpoints } = sqliteSink(db, { table: "numbers", columns: ["n"] });
          const wrapped: typeof load = Object.assign(
            ((rows, context) => load(rows.map((n) => ({ n })) as never, context)) as typeof load,
            load,
          );
          return { db, world: new SteppedWorld(plan, { load: wrapped as never, checkpoints }) };
        });
        await live(worlds.map(({ world }) => world));
        const found = worlds.map(({ db, world }, index) => {
          world.rows = db.prepare("select n from numbers").all().map(({ n }) => Number(n));
          db.close();
          return problemsOfSteps(world, all[index]!);
        });
        expect(found).toEqual(all.map(() => []));
      },
    );
    await fc.assert(property, { numRuns, seed: 20_264, endOnFailure: true });
  }, 600_000);
});
