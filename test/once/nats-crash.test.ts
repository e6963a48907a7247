import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { crashNatsJob } from "../crash/nats-job.ts";
import { crashNatsQueue } from "../crash/queue-job.ts";
import { randomOf } from "../crash/random.ts";
import { untilKilled } from "../crash/until-killed.ts";
import { hasNatsServer, type NatsServer, startNats } from "../support/nats/server.ts";

const killsOf = (end: { killed: number; freezes: number }) => end.killed + end.freezes;

describe.skipIf(!hasNatsServer)("what processes do with NATS that are killed", () => {
  let server: NatsServer;
  const folder = mkdtempSync(join(tmpdir(), "millrace-queue-"));
  beforeAll(async () => void (server = await startNats()), 180_000);
  afterAll(() => server?.stop(), 180_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("of a queue, is there once for each message", async () => {
    const end = await untilKilled((job) =>
      crashNatsQueue(server, {
        ...{ job: `queue-${job}`, folder, messages: 400, lease: 1000, delay: 20, consumers: 2 },
        ...{ kills: Number(env["NATS_KILLS"] ?? 3), longest: 300, freezes: 0.3, serverKills: 1 },
        random: randomOf(5),
      }), killsOf);
    expect(end).toMatchObject({ lost: 0, twice: 0, strange: 0, open: 0 });
  }, 180_000);

  it("of a job, has each row once, and a report that counts all of them", async () => {
    const end = await untilKilled((job) =>
      crashNatsJob(server, {
        ...{ job, partitions: 7, rows: 600, bad: 101, lease: 500, delay: 10, workers: 2 },
        ...{ kills: 3, longest: 300, freezes: 0.3, serverKills: 1, random: randomOf(3) },
      }), killsOf);
    expect(end).toMatchObject({ lost: 0, twice: 0, lettersLost: 0, miscounted: 0 });
    expect(end.report).toMatchObject({
      partitions: { total: 7, completed: 6, dead: 1, cancelled: 0 },
      dead: [{ partition: "part 3", failures: expect.any(Number) }],
    });
  }, 180_000);
});
