import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { copyFolder } from "../../support/cli/copy.ts";

describe("the flags of millrace copy", () => {
  const folder = copyFolder();

  it.each([
    [["a.csv", "a.csv"], "'TO' must be other than FROM"],
    [["a.csv", "b.db#t"], "'TO' must be a table that exists, or one beside --create"],
    [["a.csv", "b.csv", "--create"], "'--create' must be omitted unless TO is a database"],
    [["a.csv", "b.csv", "--conflict", "ignore"], "'--conflict' must be omitted unless TO is a"],
    [["a.csv", "b.db#t", "--conflict", "x"], "'--conflict' must be one of error, ignore, replace"],
    [["a.csv", "b.db#t", "--unknown", "x"], "'--unknown' must be one of error, drop, add"],
    [["a.csv", "b.csv", "--unknown", "add"], `'--unknown' must be "error" or "drop" unless TO`],
    [["a.csv", "b.json", "--unknown", "drop"], "'--unknown' must be omitted if TO is JSON"],
    [["a.csv", "b.csv", "--letters", "table"], "'--letters' must be a file.ndjson unless TO is a"],
    [["a.csv", "b.csv", "--order-by", "id"], "'--order-by' must be omitted unless FROM is a"],
    [["a.csv", "b.csv", "--batch-size", "0"], "'--batch-size' must be a whole number above 0"],
    [["a.csv", "b.csv", "--workers", "1.5"], "'--workers' must be a whole number above 0"],
    [
      ["a.csv", "-", "--to-format", "csv", "--workers", "2"],
      `'--workers' must be 1 if TO is "-"`,
    ],
    [["a.csv", "b.csv", "--columns", "a,,b"], "'--columns' must be different names"],
    [["a.csv", "b.csv", "--columns", "id,nmae"], "'--columns' must be columns of FROM (id, name)"],
    [["a.csv", "b.csv", "--types", "id"], "'--types' must be columns with types such as id=int"],
    [["a.csv", "b.csv", "--types", "id=uuid"], "'--types id' must be text, int, number"],
    [["a.csv", "b.csv", "--types", "id=bytes"], "'--types id' must be a type that CSV can have"],
    [["a.ndjson", "b.parquet", "--types", "x=int"], "'--types' must be types of columns (id)"],
    [["a.json", "b.json", "--types", "x=int"], "'--types' must be omitted unless FROM is CSV"],
    [["no.csv", "b.csv"], "'FROM' must be a file that exists"],
    [["no*.csv", "b.db#t"], "'FROM' must be a pattern that fits a file"],
    [["folder.csv", "b.csv"], "'FROM' must be a file, not a folder"],
    [["a.csv", "folder.csv"], "'TO' must be a file, not a folder"],
    [["a.csv", "a.ndjson"], "'TO' must be a new file, or one that a copy has written (--fresh"],
    [["no.db#t", "b.csv"], "'FROM' must be a database that exists"],
    [["-", "b.parquet", "--from-format", "parquet"], "'FROM' must be a file or a URL for Parquet"],
  ])("refuse %j", async (args, message) => {
    folder.write("a.csv", "id,name\n1,Ada\n");
    folder.write("a.ndjson", '{"id":1}\n');
    mkdirSync(folder.path("folder.csv"));
    const { code, out, err } = await folder.copy(...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(/^Cannot copy as .+: current value is .+\n$/);
    expect(err).toContain(message);
  });

  it("name a table that is missing, and make no database", async () => {
    folder.exec("a.db", "create table t (id)");
    expect((await folder.copy("a.db#u", "b.csv")).err).toContain(
      "'FROM' must be a table that exists",
    );
    expect((await folder.copy("a.db#t", "a.db#u")).err).toContain(
      "'TO' must be a table that exists",
    );
  });

  it("name what reads a pipe, which cannot be read at a place", async () => {
    execFileSync("mkfifo", [folder.path("pipe.csv")]);
    const { code, err } = await folder.copy("pipe.csv", "b.ndjson");
    expect(code).toBe(2);
    expect(err).toContain(`'FROM' must be a file; "-" reads what a pipe gives: current value is`);
  });

  it("name a file that is of another kind", async () => {
    folder.write("a.db", "not a database, and longer than the head of one would be".repeat(9));
    folder.write("a.parquet", "");
    for (const [from = "", as] of [["a.db#t", "SQLite"], ["a.parquet", "Parquet"]]) {
      const { code, err } = await folder.copy(from, "b.csv");
      expect(code).toBe(1);
      expect(err).toMatch(new RegExp(`^Cannot (open|read) ".*${from.split("#")[0]}" as ${as}: .+`));
    }
  });

  it("name the nearest flag", async () => {
    expect((await folder.copy("a.csv", "b.csv", "--colums", "a")).err).toContain("'--columns'");
  });
});
