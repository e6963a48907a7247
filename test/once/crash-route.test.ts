import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { crashRoute } from "../crash/route-job.ts";

const kills = Number(process.env["CRASH_KILLS"] ?? 2);

describe("a route to a table and to a file", () => {
  let folder = "";
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "millrace-route-"))));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(["skip", "source"] as const)(
    "loses no row by any kill, and has none twice in the table, with resume %o",
    async (resume) => {
      const job = { at: join(folder, resume), items: 2000, resume };
      const { repeats, ...end } = await crashRoute(job, kills);
      expect(end).toEqual({ kills, lost: 0, twice: 0, strange: 0 });
      expect(repeats).toBeLessThanOrEqual(kills * 2 * 20); // The lines of the batches at work.
    },
    180_000,
  );
});
