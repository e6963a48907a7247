import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { AppendedFile } from "../../src/bytes/file/appended-file.ts";
import { type Append, FileSinkCheckpoints } from "../../src/bytes/file/checkpoints.ts";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-writers-"));
  path = join(folder, "rows.out");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Rows as lines, to be appended. */
async function lines(...rows: string[]): Promise<Append> {
  const format = {
    ...{
      head: () => "",
      separator: "",
      tail: () => "",
      extension: "txt",
      contentType: "text/plain",
    },
    body: (rows: readonly string[]) => rows.map((row) => `${row}\n`).join(""),
  };
  return await new AppendedFile<string>(path, { format, compress: "none", exists: "error" })
    .encode(rows);
}

it("marks no bytes that another process has begun to write over, even if that failed", async () => {
  const [one, other] = [new FileSinkCheckpoints(path), new FileSinkCheckpoints(path)];
  const append = await lines("Ada", "Grace");
  const fails = {
    ...await lines("Edsger"),
    write: () => {
      writeFileSync(path, "Edsg"); // And the disk is full.
      throw new Error("ENOSPC");
    },
  };
  let flushes = 0;
  const flush: Append["flush"] = async (files) => {
    await append.flush(files);
    if (flushes++ === 0) await expect(other.append(fails, false)).rejects.toThrow("ENOSPC");
  };
  await one.append({ ...append, flush }, false);
  expect([flushes, readFileSync(path, "utf8")]).toEqual([2, "Ada\nGrace\n"]);
});
