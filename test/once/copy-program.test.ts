import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { zstdDecompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeOf } from "../../scripts/runtimes.mjs";
import { main } from "../../src/cli.ts";
import { testTerminal } from "../support/cli/test-terminal.ts";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "copy-program-"));
const { imports } = JSON.parse(readFileSync("deno.json", "utf8")) as {
  imports: Record<string, string>;
};

/** One copy; what it writes is called otherwise in the program. */
const copies: readonly (readonly string[])[] = [
  ["a.csv", "to.db#t", "--create", "--types", "id=int,born=date", "--letters", "bad.ndjson"],
  ["from.db#users", "users.json"],
  ["from.db#pairs", "pairs.csv", "--columns", "a", "--batch-size", "1"],
  ["a.ndjson", "a.parquet", "--unknown", "drop"],
  ["a.ndjson", "a.tsv.zst", "--workers", "2"],
  ["a.ndjson", "a.json.br"],
  ["source.parquet", "source.csv.gz"],
  ["from.db", "query.ndjson", "--query", 'select id, "name" from users'],
];

async function copy(...args: string[]) {
  const terminal = testTerminal({ folder });
  const code = await main(["copy", ...args], terminal);
  return { code, out: terminal.out(), err: terminal.err() };
}

/** The program of a copy, which imports the sources in place of the package. */
function onSources(program: string): string {
  return program.replaceAll(/(?<=from )"(millrace[^"]*)"/g, (_, name: string) => {
    return JSON.stringify(pathToFileURL(resolve(imports[name]!)).href);
  });
}

/** What is in a file, or a table. */
function contentOf(name: string): unknown {
  if (!name.includes("#")) {
    const bytes = readFileSync(join(folder, name));
    return name.endsWith(".zst") ? zstdDecompressSync(bytes).toString() : bytes.toString("base64");
  }
  const [path = "", table] = name.split("#");
  const db = new DatabaseSync(join(folder, path));
  try {
    return db.prepare(`select * from ${table}`).all().map((row) => ({ ...row }));
  } finally {
    db.close();
  }
}

describe("the program that copy prints", () => {
  const programs: string[] = [];

  beforeAll(async () => {
    symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    writeFileSync(join(folder, "a.csv"), "id,name,born\n1,Ada,1815-12-10\n2,,\nx,y,z\n");
    writeFileSync(join(folder, "a.ndjson"), '{"id":1,"of":{"a":[1]}}\n{"id":2,"of":null}\n');
    const db = new DatabaseSync(join(folder, "from.db"));
    db.exec("create table users (id integer primary key, name text)");
    db.exec("insert into users values (1, 'Ada'), (2, null)");
    db.exec("create table pairs (a text, b integer, primary key (a, b))");
    db.exec("insert into pairs values ('x', 1), ('y', 2)");
    db.close();
    await copy("a.ndjson", "source.parquet");
    for (const [from = "", to = "", ...flags] of copies) {
      const { code, out, err } = await copy(from, `own-${to}`, ...flags, "--print");
      expect([code, err]).toEqual([0, ""]);
      programs.push(out);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("makes nothing where it is only printed", () => {
    expect(() => contentOf("own-users.json")).toThrow("ENOENT");
  });

  it("passes the strict checks of TypeScript", async () => {
    programs.forEach((program, at) => writeFileSync(join(folder, `checked-${at}.ts`), program));
    const paths = Object.entries(imports).map(([name, path]) => [name, [resolve(path)]]);
    const compilerOptions = {
      ...{ paths: Object.fromEntries(paths), typeRoots: [resolve("node_modules/@types")] },
      ...{ noUnusedLocals: true, types: ["node"] },
    };
    const config = { extends: resolve("tsconfig.test.json"), compilerOptions };
    const include = ["checked-*.ts"];
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ ...config, include }));
    const tsc = resolve("node_modules/typescript/bin/tsc");
    const { stdout } = await run(resolve(nodeOf(24)!), [tsc, "-p", folder])
      .catch((error: { stdout: string }) => error);
    expect(stdout).toBe("");
  }, 180_000);

  it.each(copies.map(([from, to], at) => [from, to, at] as const))(
    "does the same as the copy: %s to %s",
    async (from = "", to = "", at) => {
      writeFileSync(join(folder, `run-${at}.ts`), onSources(programs[at]!));
      const args = ["--disable-warning=ExperimentalWarning", `run-${at}.ts`];
      const { stderr } = await run(resolve(nodeOf(24)!), args, { cwd: folder });
      expect(stderr).toContain(`2 rows copied, ${from === "a.csv" ? 1 : 0} given up on`);
      const { code } = await copy(from, to, ...copies[at]!.slice(2));
      expect(code).toBe(0);
      expect(contentOf(`own-${to}`)).toEqual(contentOf(to));
    },
    180_000,
  );
});
