import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { copyFolder } from "../../support/cli/copy.ts";

const fresh = "copy to another file, or add --fresh to write this one again";
const emptied = "copy to another table, or empty this one and add --fresh";

describe("millrace copy, with other flags than the copy that is there", () => {
  const folder = copyFolder();

  it.each<[from: string, to: string, before: string[], flags: string[], message: string]>([
    [
      "a.csv",
      "b.ndjson",
      [],
      ["--columns", "id"],
      `'--columns' must be left out, as in the copy ` +
      `that is in b.ndjson (${fresh}): current value is "id"`,
    ],
    [
      "a.csv",
      "b.csv",
      ["--columns", "id"],
      [],
      `'--columns' must be "id", as in the copy that is ` +
      `in b.csv (${fresh}): current value is undefined`,
    ],
    [
      "a.csv",
      "b.db#t",
      ["--create", "--types", "id=int"],
      ["--types", "id=text"],
      `'--types' must be "id=int", as in the copy that is in b.db#t (${emptied}): current value is "id=text"`,
    ],
    [
      "data",
      "b.json",
      ["--from-format", "csv"],
      ["--from-format", "tsv"],
      `'--from-format' must be "csv", as in`,
    ],
    ["a.db#t", "b.csv", [], ["--columns", "id"], "'--columns' must be left out, as in"],
  ])("refuses to go on: %s to %s, %j then %j", async (from, to, before, flags, message) => {
    folder.write("a.csv", 'id,"x ""y"" --z"\n1,Ada\n');
    folder.write("data", "id,name\n1,Ada\n");
    folder.exec(
      "a.db",
      "create table t (id integer primary key, name text);" +
        "insert into t values (1, 'Ada')",
    );
    expect(await folder.copy(from, to, ...before)).toMatchObject({ code: 0 });
    const refused = await folder.copy(from, to, ...flags);
    expect([refused.code, refused.out]).toEqual([2, ""]);
    expect(refused.err).toContain(`Cannot copy as ${message}`);
    expect((await folder.copy(from, to, ...before)).out).toMatch(/^Nothing to copy: /);
    const again = flags.filter((flag) => flag !== "--create");
    expect((await folder.copy(from, to, ...again, "--fresh")).out).toMatch(/^Copied 1 row /);
  });

  it("goes on with flags that say the same, or that rows do not depend on", async () => {
    folder.write("a.csv", 'id,"x ""y"" --z"\n1,Ada\n');
    const columns = 'id,x "y" --z';
    const first = ["--columns", columns, "--types", "id=int"];
    expect((await folder.copy("a.csv", "b.csv", ...first)).code).toBe(0);
    const same = ["--columns", columns, "--types", "id=integer", "--from-format", "csv"];
    const { code, out } = await folder.copy("a.csv", "b.csv", ...same, "--batch-size", "1");
    expect([code, out]).toEqual([0, expect.stringMatching(/^Nothing to copy: /)]);
    expect(readFileSync(folder.path("b.csv"), "utf8")).toBe('id,"x ""y"" --z"\r\n1,Ada\r\n');
  });

  it("refuses another version of FROM beside the same flags", async () => {
    folder.write("a.csv", "id\n1\n");
    await folder.copy("a.csv", "b.ndjson", "--columns", "id");
    folder.write("a.csv", "id\n1\n2\n");
    expect((await folder.copy("a.csv", "b.ndjson", "--columns", "id")).err)
      .toContain("'FROM' must be the version that an earlier copy has read");
  });
});
