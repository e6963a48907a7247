import { env } from "node:process";
import { describe, expect, it } from "vitest";
import { workerdDates } from "../../scripts/runtimes.mjs";
import { randomOf } from "../crash/random.ts";
import { crashWorkers } from "../crash/workers-job.ts";

const kills = Number(env["WORKERS_KILLS"] ?? 2);

describe("imports by alarm into D1, R2 and a Durable Object, without a key", () => {
  it("have each row once, whenever workerd is killed or the object is evicted", async () => {
    const date = workerdDates[1]!;
    const end = await crashWorkers({
      ...{ kinds: ["object", "D1", "R2"], rows: 4000, kills, date, random: randomOf(3) },
    });
    expect(end).toMatchObject({ kills, lost: 0, duplicates: 0 });
    expect(end.evicted).toBe(end.imports);
  }, 180_000 + kills * 10_000);
});
