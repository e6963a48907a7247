import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { checkReport, writeReport } from "../../../src/cli/run/write-report.ts";
import { etl } from "../../../src/index.ts";
import { testTerminal } from "../../support/cli/test-terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "cli-report-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("the page of --report", () => {
  it.each([
    ["absent/page.html", "a file in a folder that exists"],
    [".", "a file, not a folder"],
  ])("is refused before the run: %s", async (report, rule) => {
    await expect(checkReport({ report }, { folder })).rejects.toThrow(
      `Cannot write the page about a run as '--report' must be ${rule}: ` +
        `current value is ${JSON.stringify(report)}`,
    );
  });

  it("leaves no file behind where the run has not begun", async () => {
    await checkReport({ report: "page.html" }, { folder });
    expect(() => readFileSync(join(folder, "page.html"))).toThrow("ENOENT");
  });

  it("keeps a link to a file that is not there yet", async () => {
    const link = join(folder, "latest.html");
    symlinkSync("dated.html", link);
    await checkReport({ report: "latest.html" }, { folder });
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(existsSync(join(folder, "dated.html"))).toBe(false);
  });

  it("replaces no file but a page, also one that the run has written", async () => {
    const [report, full] = ["rows.csv", join(folder, "rows.csv")];
    const one = await etl({ name: "one", extract: () => [1], load: () => {} }).run();
    writeFileSync(full, "id\n1\n");
    await expect(checkReport({ report }, { folder })).rejects.toThrow(
      "'--report' must be a new file or a page, as it would replace the file that is there",
    );
    const terminal = testTerminal({ folder });
    await writeReport(one, report, terminal);
    expect(terminal.err()).toContain("cannot be written: rows.csv must be a new file or a page");
    expect(readFileSync(full, "utf8")).toBe("id\n1\n");
    await writeReport(one, "again.html", terminal);
    await checkReport({ report: "again.html" }, { folder });
    await writeReport(one, "again.html", terminal);
    expect(terminal.err()).toMatch(/(The page about it is again.html\n){2}$/);
  });

  it("that can no longer be written takes nothing from what the run did", async () => {
    const report = await etl({ name: "one", extract: () => [1], load: () => {} }).run();
    const terminal = testTerminal({ folder });
    await writeReport(report, "absent/page.html", terminal);
    expect(terminal.err()).toMatch(/^The page about it cannot be written: .*ENOENT.*\n$/);
  });
});
