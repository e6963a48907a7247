import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { installedPrograms } from "../../demo/tables/postgres-programs.ts";
import { startPostgres } from "../support/postgres/server.ts";

describe("the PostgreSQL server of the tests", () => {
  let folder: string; // Nobody else can enter it.
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "millrace-closed-"))));
  afterEach(() => rm(folder, { recursive: true }));

  it("runs from a folder that no other user can enter", async () => {
    const { postgres } = await installedPrograms();
    const bin = join(folder, "native", "bin");
    await cp(dirname(dirname(postgres)), dirname(bin), {
      recursive: true,
      verbatimSymlinks: true,
    });
    const programs = { initdb: join(bin, "initdb"), postgres: join(bin, "postgres") };
    const server = await startPostgres(programs);
    try {
      const client = new pg.Client(server.url);
      await client.connect();
      expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
      await client.end();
    } finally {
      await server.stop();
    }
  });

  it("says why it cannot start", async () => {
    const initdb = join(folder, "native", "bin", "initdb");
    await mkdir(dirname(initdb), { recursive: true });
    await writeFile(initdb, "#!/bin/sh\necho no room left on the disk >&2\nexit 7\n");
    await chmod(initdb, 0o755);
    const started = startPostgres({ initdb, postgres: initdb });
    await expect(started).rejects.toThrow(/initdb has ended with 7: no room left on the disk/);
  });
});
