import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { tableOf } from "../../src/cli/copy/sqlite-source.ts";
import { openSqlite } from "../../src/cli/open-sqlite.ts";

const folder = mkdtempSync(join(tmpdir(), "cli-sqlite-"));
afterAll(() => rmSync(folder, { recursive: true }));

const absent = () => Promise.reject(new Error("no node:sqlite"));
const isBun = "Bun" in globalThis;

describe("openSqlite()", () => {
  const modules: [name: string, load: typeof absent | undefined][] = [["node:sqlite", undefined]];
  if (isBun) modules.push(["bun:sqlite", absent]);

  it.each(modules)("makes a file, and opens it to be read alone: %s", async (name, load) => {
    const path = join(folder, `${name.replace(":", "-")}.db`);
    await expect(openSqlite(path, { readOnly: true }, load)).rejects.toThrow();
    const db = await openSqlite(path, { readOnly: false }, load);
    db.exec("create table t (id integer primary key, name text)");
    db.close();
    const read = await openSqlite(path, { readOnly: true }, load);
    expect(tableOf(read, "t")?.facts.primaryKey).toEqual(["id"]);
    expect(tableOf(read, "u")).toBeUndefined();
    expect(() => read.exec("drop table t")).toThrow("readonly");
    expect(Object.values(read.prepare("pragma busy_timeout").get() as object)).toEqual([5000]);
    read.close();
  });

  it.skipIf(isBun)("fails with the error of the host that has neither", async () => {
    const opening = openSqlite(join(folder, "a.db"), { readOnly: false }, absent);
    await expect(opening).rejects.toThrow("no node:sqlite");
  });
});
