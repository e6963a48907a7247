import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { crashPosts } from "../crash/posts-job.ts";
import { randomOf } from "../crash/random.ts";

describe("posts to a service that fails in every way", () => {
  let folder = "";
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "millrace-posts-"))));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("are taken once after any kill, but for the rows that it refuses", async () => {
    const end = await crashPosts(join(folder, "posts"), {
      ...{ rows: 600, batchSize: 10, kills: 1, runtimes: 1, maxRows: Infinity },
      ...{ attemptTimeout: 1000, random: randomOf(1) },
    });
    expect(end).toMatchObject({ kills: 1, lost: 0, duplicates: 0, mismatches: 0 });
    expect(end.repeats).toBeGreaterThan(0);
    const { tooLarge, ...faults } = end.faults;
    expect(tooLarge).toBe(0);
    expect(Math.min(...Object.values(faults))).toBeGreaterThan(0);
  }, 180_000);
});
