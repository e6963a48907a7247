import { env } from "node:process";
import { describe, expect, it } from "vitest";
import { crashObjects } from "../crash/objects-job.ts";
import { randomOf } from "../crash/random.ts";

const kills = Number(env["OBJECT_KILLS"] ?? 2);

describe("objects in a store that fails in every way", () => {
  it("have each row once after any kill, and no part is left open", async () => {
    const end = await crashObjects({
      ...{ rows: 400, kills, runtimes: 1, delay: 20, random: randomOf(1) },
    });
    expect(end).toMatchObject({ kills, lost: 0, duplicates: 0, leftOpen: 0 });
    expect(end.faults).toBeGreaterThan(0);
  }, 180_000 + kills * 5000);
});
