// Where the runtimes are that npm installed, and the browser that the system has.
import { existsSync } from "node:fs";
import { arch, env, execPath, platform, versions } from "node:process";

const firstThat = (...paths) => paths.find((path) => path && existsSync(path));

/** A Node of a major version: the one from npm, or the running one if it is of that version. */
export function nodeOf(major) {
  const running = versions.node.startsWith(`${major}.`) ? execPath : undefined;
  return firstThat(`node_modules/node${major}-${platform}-${arch}/bin/node`, running);
}

export const deno = firstThat("node_modules/.bin/deno");
export const bun = firstThat("node_modules/.bin/bun");
export const workerd = firstThat("node_modules/.bin/workerd");
export const chromium = firstThat(
  env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
);

/** What a headless Chromium needs to start in a container and to leave the network alone. */
export const chromiumArguments = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The oldest and the newest behaviour of workerd that is tested. */
export const workerdDates = ["2024-12-16", "2026-10-01"];
