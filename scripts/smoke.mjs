// Packs the package, installs it as a user would, and runs test/smoke/smoke.mjs on the bare runtimes.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
const root = process.cwd(),
  bin = (p) => path.join(root, "node_modules", p),
  plat = `${process.platform}-${process.arch}`;
const pkg = JSON.parse(fs.readFileSync("package.json", "utf8"));
const dir = fs.mkdtempSync(path.join(os.tmpdir(), "smoke-"));
const inst = path.join(dir, "node_modules", pkg.name);
fs.mkdirSync(inst, { recursive: true });
const tgz = JSON.parse(
  execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", dir], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }),
);
execFileSync("tar", [
  "xzf",
  path.join(dir, (Array.isArray(tgz) ? tgz[0] : Object.values(tgz)[0]).filename),
  "--strip-components=1",
  "-C",
  inst,
]);
fs.copyFileSync("test/smoke/smoke.mjs", path.join(dir, "smoke.mjs"));
fs.writeFileSync(path.join(dir, "package.json"), '{"type":"module","private":true}');
fs.writeFileSync(
  path.join(dir, "main.mjs"),
  `import { smoke } from "./smoke.mjs";\nconsole.log(await smoke((s) => import(s === "." ? "${pkg.name}" : "${pkg.name}/" + s.slice(2))));\n`,
);
fs.writeFileSync(
  path.join(dir, "main.cjs"),
  `const { smoke } = require("./smoke.mjs");\nsmoke(async (s) => require(s === "." ? "${pkg.name}" : "${pkg.name}/" + s.slice(2))).then(console.log);\n`,
);
const subs = Object.keys(pkg.exports).filter((k) => !k.endsWith(".json"));
const target = (s) => pkg.exports[s].default.replace("./", "");
// workerd has no package resolution: hand it the files, under the names their imports use
const js = fs.readdirSync(path.join(inst, "dist")).filter((f) => f.endsWith(".js"));
fs.writeFileSync(
  path.join(dir, "worker.mjs"),
  `import { smoke } from "./smoke.mjs";\n${
    subs.map((s, i) => `import * as m${i} from "./${target(s)}";`).join("\n")
  }\nconst m = { ${
    subs.map((s, i) => `${JSON.stringify(s)}: m${i}`)
  } };\nexport default { async test() { console.log(await smoke(async (s) => m[s])); if (globalThis.process) throw new Error("node compat is on"); } };\n`,
);
for (const date of ["2024-12-16", "2026-10-01"]) {
  fs.writeFileSync(
    path.join(dir, `w-${date}.capnp`),
    `using Workerd = import "/workerd/workerd.capnp";\nconst unitTests :Workerd.Config = ( services = [ ( name = "smoke", worker = ( modules = [ (name = "worker.mjs", esModule = embed "worker.mjs"), (name = "smoke.mjs", esModule = embed "smoke.mjs"), ${
      js.map((f) => `(name = "dist/${f}", esModule = embed "node_modules/${pkg.name}/dist/${f}")`)
        .join(", ")
    } ], compatibilityDate = "${date}", compatibilityFlags = ["no_nodejs_compat", "no_nodejs_compat_v2"] ) ) ] );\n`,
  );
}
let pass = 0, fail = 0, skip = 0;
const one = async (name, file, fn) => {
  if (file && !fs.existsSync(file)) {
    console.log(`${name.padEnd(18)} skipped (not installed)`);
    skip++;
    return;
  }
  const t0 = Date.now();
  try {
    const out = String(await fn(file));
    if (!/smoke ok|\[ PASS \]/.test(out)) throw new Error("output: " + out);
    console.log(`${name.padEnd(18)} ok ${Date.now() - t0} ms`);
    pass++;
  } catch (e) {
    console.log(`${name.padEnd(18)} FAILED ${e.message}\n${e.stderr ?? ""}`);
    fail++;
  }
};
const run = (...args) => (file) =>
  execFileSync(file, args, {
    cwd: dir,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 30_000,
  });
for (const n of [22, 24, 26]) {
  await one(`node${n} import`, bin(`node${n}-${plat}/bin/node`), run("main.mjs"));
  await one(`node${n} require`, bin(`node${n}-${plat}/bin/node`), run("main.cjs"));
}
await one("deno", bin(".bin/deno"), run("run", "--no-lock", "--allow-read", "main.mjs"));
await one("bun", bin(".bin/bun"), run("main.mjs"));
for (const date of ["2024-12-16", "2026-10-01"]) {
  await one(
    `workerd ${date}`,
    bin(".bin/workerd"),
    (f) =>
      execFileSync("sh", ["-c", `"${f}" test w-${date}.capnp 2>&1`], {
        cwd: dir,
        encoding: "utf8",
      }),
  );
}
await one("chromium", process.env.CHROMIUM ?? "/usr/bin/chromium", async (exe) => {
  const { chromium } = await import("playwright-core");
  const srv = http.createServer((q, s) => {
    const f = path.join(dir, q.url);
    if (q.url === "/") {
      s.setHeader("content-type", "text/html");
      return s.end(
        `<script type="importmap">${
          JSON.stringify({
            imports: Object.fromEntries(
              subs.map((k) => [pkg.name + k.slice(1), `/node_modules/${pkg.name}/${target(k)}`]),
            ),
          })
        }</script>`,
      );
    }
    if (!fs.existsSync(f)) {
      s.statusCode = 404;
      return s.end();
    }
    s.setHeader("content-type", "text/javascript");
    s.end(fs.readFileSync(f));
  });
  await new Promise((r) => srv.listen(0, "127.0.0.1", r));
  const b = await chromium.launch({
    executablePath: exe,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  try {
    const p = await b.newPage();
    await p.goto(`http://127.0.0.1:${srv.address().port}/`);
    return await p.evaluate(async (name) => {
      const { smoke } = await import("/smoke.mjs");
      return smoke((s) => import(s === "." ? name : name + "/" + s.slice(2)));
    }, pkg.name);
  } finally {
    await b.close();
    srv.close();
  }
});
fs.rmSync(dir, { recursive: true, force: true });
console.log(`\n${pass} passed, ${fail} failed, ${skip} skipped`);
process.exitCode = fail ? 1 : 0;
