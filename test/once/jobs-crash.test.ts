import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { crashJob } from "../crash/jobs-job.ts";
import { randomOf } from "../crash/random.ts";
import { untilKilled } from "../crash/until-killed.ts";
import { type PostgresServer, startPostgres } from "../support/postgres/server.ts";

describe("a job by processes that are killed", () => {
  let server: PostgresServer;
  beforeAll(async () => void (server = await startPostgres()), 180_000);
  afterAll(() => server?.stop(), 180_000);

  it("has each row once, and a report that counts all of them", async () => {
    const end = await untilKilled((job) =>
      crashJob(server.url, {
        ...{ job, partitions: 7, rows: 600, bad: 101, lease: 500, delay: 10, workers: 2 },
        ...{ kills: 2, longest: 300, freezes: 0, runtimes: 3, random: randomOf(3) },
      }), ({ killedWorkers, killedCoordinators }) => killedWorkers + killedCoordinators);
    expect(end).toMatchObject({ lost: 0, twice: 0, lettersLost: 0, miscounted: 0 });
    expect(end.poison[0]).toBe(end.poison[1]);
    expect(end.report).toMatchObject({
      partitions: { total: 7, completed: 6, dead: 1, cancelled: 0 },
      dead: [{ partition: "part 3", failures: expect.any(Number) }],
    });
  }, 180_000);
});
