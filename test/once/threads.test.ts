import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bun, deno, nodeOf } from "../../scripts/runtimes.mjs";

const folder = mkdtempSync(join(tmpdir(), "threads-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The programs of docs/threads.md, which import the sources in place of the package. */
beforeAll(() => {
  const { imports } = JSON.parse(readFileSync("deno.json", "utf8"));
  const programs = readFileSync("docs/threads.md", "utf8").matchAll(
    /^```js ignore\n([\s\S]*?)^```$/gm,
  );
  const [hash = "", main = ""] = [...programs].map(([, code = ""]) =>
    code.replaceAll(
      /(?<=from )"(millrace[^"]*)"/g,
      (_, name: string) => JSON.stringify(pathToFileURL(resolve(imports[name])).href),
    )
  );
  writeFileSync(join(folder, "hash.js"), hash);
  writeFileSync(join(folder, "main.js"), main.replace("10_000; id++", "100; id++"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  // Threads that nobody closes; with an argument, after one that had to be ended in an endless loop.
  const forgotten = main.replace("10_000; id++", "10; id++")
    .replace("timeout: 10_000", 'timeout: process.argv[2] === "loop" ? 1_000 : 10_000').replace(
      "`document ${id}`",
      "process.argv[2]",
    )
    .replace(".run({ batchSize: 1_000", ".run({ deadLetters: new WritableStream(), batchSize: 5");
  writeFileSync(join(folder, "forgotten.js"), forgotten.replaceAll("hash.js", "loop.js"));
  writeFileSync(
    join(folder, "loop.js"),
    hash.replace("let hash = text;", 'let hash = text; while (id === 3 && text === "loop");'),
  );
});

const runtimes = [
  { name: "Node", program: nodeOf(24), args: [] },
  { name: "Deno", program: deno, args: ["run", "-A", "--no-lock"] },
  { name: "Bun", program: bun, args: [] },
].filter(({ program }) => program !== undefined);

describe.each(runtimes)("threads on $name", ({ program, args }) => {
  /** What a program prints, once its process has ended by itself. */
  async function run(file: string, ...words: string[]): Promise<string[]> {
    const all = [...args, join(folder, file), ...words];
    const { stdout } = await promisify(execFile)(resolve(program!), all, { timeout: 150_000 });
    return stdout.trimEnd().split("\n");
  }

  it("run the program of the docs", async () => {
    const lines = await run("main.js");
    expect(lines[0]).toMatch(/^100 hashes, the last one [0-9a-f]{8}$/);
    expect(lines.at(-1)).toMatch(/^Loaded 100 with \d+ threads\.$/);
  });

  it("that nobody closes let the process end", async () => {
    expect((await run("forgotten.js", "fine")).at(-1)).toMatch(/^Loaded 10 with/);
  });

  it("let it end after one of them was stuck in an endless loop", async () => {
    expect((await run("forgotten.js", "loop")).at(-1)).toMatch(/^Loaded [1-9] with/);
  });
});
