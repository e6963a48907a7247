import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { bun, deno, nodeOf } from "../../scripts/runtimes.mjs";

const folder = mkdtempSync(join(tmpdir(), "gzip-"));
afterAll(() => rmSync(folder, { recursive: true }));

const text = Array.from({ length: 20_000 }, (_, n) => `${n},${n * 7919 % 10_007}\n`).join("");
const whole = gzipSync(text);
const broken = Uint8Array.from(whole).fill(0xff, whole.length >> 1, (whole.length >> 1) + 50);
const files = { whole, cut: whole.subarray(0, whole.length >> 1), broken, text };
for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);

const program = "test/node/programs/reads-gzip.ts";
const runtimes: [name: string, command: string | undefined, args: string[]][] = [
  ["Node", nodeOf(24), [program]],
  ["Deno", deno, ["run", "-q", "-A", "--no-lock", program]],
  ["Bun", bun, [program]],
];
const cases = runtimes.flatMap(([runtime, command, args]) =>
  [...Object.keys(files), "missing"].map((file) => ({ runtime, command, args, file }))
);

describe("a gzip file, read by the recipe of docs/recipes/gzip.md", () => {
  it("is read as there", () => {
    const recipe = /^const extract = .*$/m.exec(readFileSync(program, "utf8"))![0];
    expect(readFileSync("docs/recipes/gzip.md", "utf8")).toContain(`\n${recipe}\n`);
  });

  it.each(cases)(
    "is loaded, or fails the run but not the process: $file, $runtime",
    async ({ command, args, file }) => {
      if (command === undefined) throw new Error("It is not installed: run `npm ci`");
      const { stdout, stderr } = await promisify(execFile)(command, [...args, join(folder, file)]);
      const { outcome, message, bytes } = JSON.parse(stdout);
      expect(outcome).toBe(file === "whole" ? "completed" : "failed");
      if (file === "whole") expect(bytes).toBe(text.length);
      else expect(message).toMatch(/^Pipeline "file" failed in extract: ./);
      expect(stderr).toBe("");
    },
  );
});
