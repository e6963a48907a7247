import { describe, expect, it } from "vitest";
import { serveLive } from "../../src/cli/live.ts";
import { etl } from "../../src/index.ts";
import { runCli } from "../support/cli/run-cli.ts";
import { testTerminal } from "../support/cli/test-terminal.ts";

/** Starts a run that goes on until it is let go, and a page that follows it. */
async function served() {
  const { promise: gate, resolve: letGo } = Promise.withResolvers<void>();
  const run = etl({ name: "films", extract: () => [1, 2], load: () => gate }).start();
  const terminal = testTerminal();
  const close = await serveLive(run, terminal);
  const url = terminal.err().match(/^Follow it at (http:\/\/127\.0\.0\.1:\d+\/)\n$/)![1]!;
  return { run, letGo, close, url };
}

describe("a page that follows a run", () => {
  it("is served with its events, which end with the report", async () => {
    const { run, letGo, close, url } = await served();
    const page = await fetch(url);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await page.text()).toContain('data-events="/events"');
    const events = (await fetch(`${url}events`)).text();
    letGo();
    await run.finished;
    await close();
    expect(await events).toMatch(/event: end\n[^]*data-outcome="completed"/);
    await expect(fetch(url)).rejects.toThrow();
  });

  it("is served to this machine only, and nothing else is", async () => {
    const { run, letGo, close, url } = await served();
    const { request } = await import("node:http");
    const statusOf = (path: string, host: string | undefined, method = "GET") =>
      new Promise((resolve) =>
        request(new URL(path, url), { method, ...(host && { headers: { host } }) }, (response) => {
          response.resume();
          resolve(response.statusCode);
        }).end()
      );
    expect(await statusOf("/", "evil.example")).toBe(403);
    expect(await statusOf("/events", `evil.example:${new URL(url).port}`)).toBe(403);
    expect(await statusOf("/", `localhost:${new URL(url).port}`)).toBe(200);
    expect(await statusOf("/other", undefined)).toBe(404);
    expect(await statusOf("/", undefined, "POST")).toBe(405);
    letGo();
    await run.finished;
    await close();
  });

  it("is served by `run --live`, and the process ends with the run", async () => {
    const { code, err, out } = await runCli("run orders.ts --live");
    expect(code).toBe(0);
    expect(err).toMatch(/^Follow it at http:\/\/127\.0\.0\.1:\d+\/\n/);
    expect(out).toMatch(/^orders: completed, /);
  });
});
