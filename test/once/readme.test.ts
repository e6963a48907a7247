import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { nodeOf } from "../../scripts/runtimes.mjs";

const folder = mkdtempSync(join(tmpdir(), "readme-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The program of the README, which imports the sources in place of the package. */
function program(): string {
  const [, code = ""] = /^```js ignore\n([\s\S]*?)^```$/m.exec(readFileSync("README.md", "utf8"))!;
  const { imports } = JSON.parse(readFileSync("deno.json", "utf8"));
  return code.replaceAll(/(?<=from )"(millrace[^"]*)"/g, (_, name: string) => {
    return JSON.stringify(pathToFileURL(resolve(imports[name])).href);
  });
}

function start() {
  return spawn(resolve(nodeOf(24)!), ["orders.mjs"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "ignore"],
  });
}

/** The ids of the orders in the database. Nobody else may have it open: its writer does not wait. */
function orders(): unknown[] {
  const db = new DatabaseSync(join(folder, "shop.db"));
  try {
    return db.prepare("select id from orders order by id").all().map(({ id }) => id);
  } finally {
    db.close();
  }
}

/** Waits until the database was written to, again and again: the first times make its tables. */
async function isWritten(times: number, isOver: () => boolean): Promise<void> {
  const seen = new Set<number>();
  while (seen.size < times && !isOver()) {
    const written = statSync(join(folder, "shop.db"), { throwIfNoEntry: false });
    if (written !== undefined) seen.add(written.mtimeMs);
    await wait(1);
  }
}

describe("the program of the README", () => {
  it("leaves each row once when it is killed and run again", async () => {
    writeFileSync(join(folder, "orders.mjs"), program());
    const killed = start();
    const gone = once(killed, "exit");
    await isWritten(12, () => killed.exitCode !== null);
    killed.kill("SIGKILL");
    await gone;
    const { length } = orders();

    const again = start();
    const printed = await text(again.stdout);
    expect(printed).toBe(`${length} orders were there, ${500 - length} were added\n`);
    expect(orders()).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
  });
});
