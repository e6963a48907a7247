// Packs the package, installs it as a user would, and runs test/smoke/smoke.mjs on the bare runtimes:
// no test runner, no TypeScript, and on workerd no compatibility with Node.
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { join, resolve } from "node:path";
import process, { env } from "node:process";
import { entries } from "./entries.mjs";
import { installPacked } from "./packed.mjs";
import {
  bun,
  chromium,
  chromiumArguments,
  deno,
  nodeOf,
  workerd,
  workerdDates,
} from "./runtimes.mjs";

const [{ specifier: name }] = entries;
const subpaths = entries.map(({ subpath }) => subpath);
const folder = installPacked();
const installed = join(folder, "node_modules", name);

/** Writes the programs that use the package. */
function prepare() {
  copyFileSync("test/smoke/smoke.mjs", join(folder, "smoke.mjs"));
  const all = JSON.stringify(subpaths);
  const write = (file, text) => writeFileSync(join(folder, file), text);
  write("package.json", '{ "type": "module", "private": true }');
  write(
    "main.mjs",
    `import { smoke } from "./smoke.mjs";
console.log(await smoke((subpath) => import("${name}" + subpath.slice(1)), ${all}));`,
  );
  write(
    "main.cjs",
    `const { smoke } = require("./smoke.mjs");
smoke(async (subpath) => require("${name}" + subpath.slice(1)), ${all}).then(console.log);`,
  );
  write(
    "worker.mjs",
    `import { smoke } from "./smoke.mjs";
${entries.map(({ built }, n) => `import * as m${n} from "${built}";`).join("\n")}
const modules = { ${subpaths.map((subpath, n) => `"${subpath}": m${n}`).join(", ")} };
export default {
  async test() {
    if (globalThis.process) throw new Error("compatibility with Node is on");
    console.log(await smoke((subpath) => modules[subpath], ${all}));
  },
};`,
  );
  for (const date of workerdDates) write(`${date}.capnp`, workerConfig(date));
}

/** workerd resolves no packages: it is given the files under the names that their imports use. */
function workerConfig(date) {
  const scripts = readdirSync(join(installed, "dist"), { recursive: true })
    .filter((file) => file.endsWith(".js")).map((file) => `dist/${file}`);
  const modules = [
    ["worker.mjs", "worker.mjs"],
    ["smoke.mjs", "smoke.mjs"],
    ...scripts.map((file) => [file, `node_modules/${name}/${file}`]),
  ].map(([as, file]) => `(name = "${as}", esModule = embed "${file}")`);
  return `using Workerd = import "/workerd/workerd.capnp";
const smokeTest :Workerd.Config = (services = [(name = "smoke", worker = (
  modules = [${modules.join(", ")}],
  compatibilityDate = "${date}",
  compatibilityFlags = ["no_nodejs_compat", "no_nodejs_compat_v2"],
))]);`;
}

/** Runs a program in the folder, and gives what it prints, errors included. */
function run(executable, ...args) {
  return execFileSync("sh", ["-c", '"$0" "$@" 2>&1', resolve(executable), ...args], {
    cwd: folder,
    encoding: "utf8",
    timeout: 150_000,
  });
}

async function runInChromium(executablePath) {
  const { chromium: browserType } = await import("playwright-core");
  const imports = Object.fromEntries(
    entries.map(({ specifier, built }) => [specifier, `/node_modules/${name}/${built.slice(2)}`]),
  );
  const server = createServer(({ url }, response) => {
    const file = join(folder, url);
    response.setHeader("content-type", url === "/" ? "text/html" : "text/javascript");
    if (url === "/") {
      return response.end(`<script type="importmap">${JSON.stringify({ imports })}</script>`);
    }
    response.statusCode = existsSync(file) ? 200 : 404;
    response.end(existsSync(file) ? readFileSync(file) : "");
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const browser = await browserType.launch({ executablePath, args: chromiumArguments });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    return await page.evaluate(async ([name, subpaths]) => {
      const { smoke } = await import("/smoke.mjs");
      return smoke((subpath) => import(name + subpath.slice(1)), subpaths);
    }, [name, subpaths]);
  } finally {
    await browser.close();
    server.close();
  }
}

const checks = [
  ...[22, 24, 26].flatMap((major) => [
    [`node${major} import`, nodeOf(major), (node) => run(node, "main.mjs")],
    [`node${major} require`, nodeOf(major), (node) => run(node, "main.cjs")],
  ]),
  ["deno", deno, () => run(deno, "run", "--no-lock", "--allow-read", "main.mjs")],
  ["bun", bun, () => run(bun, "main.mjs")],
  ...workerdDates.map((
    date,
  ) => [`workerd ${date}`, workerd, () => run(workerd, "test", `${date}.capnp`)]),
  ["chromium", chromium, runInChromium],
];

const counts = { passed: 0, failed: 0, skipped: 0 };
const required = (env.REQUIRE_RUNTIMES ?? "").split(",");
prepare();
for (const [title, executable, check] of checks) {
  const [runtime] = title.split(" ");
  const isRequired = required.includes("all") || required.includes(runtime);
  let result = isRequired ? "failed" : "skipped";
  let words = "not installed";
  if (executable) {
    try {
      words = String(await check(executable));
      result = /smoke ok|\[ PASS \]/.test(words) ? "passed" : "failed";
    } catch (error) {
      words = `${error.message}\n${error.stdout ?? ""}`;
      result = "failed";
    }
  }
  counts[result]++;
  console.log(`${title.padEnd(18)} ${result}${result === "passed" ? "" : `: ${words}`}`);
}
rmSync(folder, { recursive: true, force: true });
console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed > 0 ? 1 : 0;
