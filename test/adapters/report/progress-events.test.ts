import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { progressEvents } from "../../../src/adapters/report.ts";
import { ConfigurationError, etl, EtlManager } from "../../../src/index.ts";
import { wait } from "../../support/run/time.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Starts a run that loads an item every 100 ms, and fails at one of them, if it is to. */
function start(items: number, failAt = -1) {
  return etl<number>({
    name: "films",
    extract: () => Array.from({ length: items }, (_, n) => n),
    load: async ([n]) => {
      await wait(100);
      if (n === failAt) throw new Error("no <space>");
    },
  }).start();
}

interface Event {
  readonly name: string;
  readonly data: string;
}

/** All events of a response, as an `EventSource` reads them. */
async function eventsOf(response: Response): Promise<Event[]> {
  const reading = response.text();
  await vi.advanceTimersByTimeAsync(20_000);
  return (await reading).split("\n\n").filter((block) => block.includes("event: ")).map((block) => {
    const lines = block.split("\n");
    const valuesOf = (field: string) =>
      lines.filter((line) => line.startsWith(`${field}: `)).map((l) => l.slice(field.length + 2));
    return { name: valuesOf("event")[0]!, data: valuesOf("data").join("\n") };
  });
}

describe("progressEvents()", () => {
  it("sends how far a run is at once, in every interval, and its report at the end", async () => {
    const run = start(5);
    const response = progressEvents(run, { interval: 200, format: "json" });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const events = await eventsOf(response);
    expect(events.map(({ name }) => name)).toEqual(["progress", "progress", "progress", "end"]);
    const [first, second, third, end] = events.map(({ data }) => JSON.parse(data));
    expect([first.loaded, second.state, third.total]).toEqual([0, "running", 5]);
    expect(end).toEqual(JSON.parse(JSON.stringify(await run.finished)));
    expect(vi.getTimerCount()).toBe(0);
  });

  it("sends what a page shows", async () => {
    const events = await eventsOf(progressEvents(start(3), { interval: 150 }));
    const { data } = events[1]!;
    expect(data).toContain('data-progress="0.333"');
    expect(data).toContain("33 % of 3 items, about ");
    expect(data).toContain('data-outcome="running"');
    expect(events.at(-1)!.data).toMatch(
      /^<header class="top">[^]*data-outcome="completed"[^]*<.main>$/,
    );
  });

  it("sends the report of a run that fails, and what else a promise rejects with", async () => {
    const failed = (await eventsOf(progressEvents(start(3, 1)))).at(-1)!;
    expect(failed.name).toBe("end");
    expect(failed.data).toContain('<p class="message">no &lt;space&gt;</p>');
    const finished = Promise.reject(new Error("<zqx>"));
    const odd = { finished, snapshot: () => start(1).snapshot() };
    const end = (await eventsOf(progressEvents(odd))).at(-1)!;
    expect(end.data).toContain('<p class="message">&lt;zqx&gt;</p>');
    const plain = (await eventsOf(progressEvents(odd, { format: "json" }))).at(-1)!;
    expect(JSON.parse(plain.data)).toEqual({ outcome: "failed", failure: { message: "<zqx>" } });
  });

  it("follows the pipelines of a manager, also if one of them fails", async () => {
    const make = (name: string, load: () => Promise<void>) =>
      etl({ name, extract: () => [1, 2], load });
    const manager = new EtlManager({ workers: 1 })
      .add(make("films", () => wait(100)))
      .add(make("cities", () => Promise.reject(new Error("no"))), { after: ["films"] });
    const run = manager.start();
    const events = await eventsOf(progressEvents(run, { interval: 150 }));
    await expect(run.finished).rejects.toThrow();
    expect(events[1]!.data).toContain("1 running, 1 waiting");
    expect(events[1]!.data).toContain('data-progress="0.5"');
    expect(events.at(-1)!.data).toContain('data-list="failed"');
  });

  it("tells of a manager that was aborted as such", async () => {
    const stop = new AbortController();
    const films = etl({ name: "films", extract: () => [1, 2], load: () => wait(100) });
    const run = new EtlManager().add(films).start({ signal: stop.signal });
    const events = eventsOf(progressEvents(run, { format: "json" }));
    stop.abort();
    expect(JSON.parse((await events).at(-1)!.data).outcome).toBe("aborted");
    await expect(run.finished).rejects.toThrow();
  });

  it("sends where a run is that is over", async () => {
    const run = start(1);
    await vi.advanceTimersByTimeAsync(1000);
    await run.finished;
    const names = (await eventsOf(progressEvents(run))).map(({ name }) => name);
    expect(names.at(-1)).toBe("end");
    expect(names.length).toBeLessThanOrEqual(2);
  });

  it("leaves no timer if its reader goes away, and the run goes on", async () => {
    const run = start(5);
    const reader = progressEvents(run).body!.getReader();
    await reader.read();
    const second = reader.read();
    await vi.advanceTimersByTimeAsync(50);
    await reader.cancel();
    await second;
    await vi.advanceTimersByTimeAsync(5000);
    expect((await run.finished).loaded).toBe(5);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is told once of the end of a run, however many readers come and go", async () => {
    const run = start(5);
    const then = vi.spyOn(run.finished, "then");
    const snapshot = vi.fn(() => run.snapshot());
    for (let n = 0; n < 3; n++) {
      const reader = progressEvents({ finished: run.finished, snapshot }).body!.getReader();
      await reader.read();
      const second = reader.read(); // Its wait ends with it, and nothing is rendered for it.
      await reader.cancel();
      await second;
    }
    expect((await eventsOf(progressEvents({ finished: run.finished, snapshot }))).at(-1)!.name)
      .toBe("end");
    expect(then).toHaveBeenCalledTimes(1);
    expect(snapshot).toHaveBeenCalledTimes(4);
  });

  it("takes no snapshot that nobody reads", async () => {
    const run = start(5);
    const snapshot = vi.fn(() => run.snapshot());
    const response = progressEvents({ finished: run.finished, snapshot });
    await vi.advanceTimersByTimeAsync(5000);
    expect(snapshot.mock.calls.length).toBeLessThanOrEqual(1);
    await response.body!.cancel();
  });

  it.each<[unknown[], string]>([
    [[null], "'run' must be a run from start(), or a job: current value is null"],
    [[{}, { interval: 0 }], "'interval' must be a number above 0: current value is 0"],
    [[{}, { format: "xml" }], `'format' must be "html" or "json": current value is "xml"`],
  ])("refuses %o", (given, sentence) => {
    const send = () => Reflect.apply(progressEvents, undefined, given);
    expect(send).toThrow(ConfigurationError);
    expect(send).toThrow(`Cannot send progress as ${sentence}`);
  });
});
