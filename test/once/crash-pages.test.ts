import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { crashPages } from "../crash/pages-job.ts";
import { randomOf } from "../crash/random.ts";

describe("pages of an API that fails in every way", () => {
  let folder = "";
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "millrace-pages-"))));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("are in the table once after any kill, and nobody asks for more than is allowed", async () => {
    const end = await crashPages(join(folder, "pages.db"), {
      ...{ rows: 2000, kills: 2, runtimes: 1, delay: 2, attemptTimeout: 1000, random: randomOf(1) },
    });
    expect(end).toMatchObject({ kills: 2, lost: 0, duplicates: 0, violations: 0 });
    const { hang, date, ...others } = end.faults;
    expect([hang, date]).toEqual([expect.any(Number), expect.any(Number)]);
    expect(hang).toBeGreaterThan(0);
    expect(date).toBeGreaterThan(0);
    expect(Object.values(others).reduce((sum, count) => sum + count)).toBeGreaterThan(0);
  }, 180_000);
});
