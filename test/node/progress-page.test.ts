import { expect, it } from "vitest";
import { progressPage } from "../../src/adapters/report.ts";

const page = progressPage({ events: "/events" });

it("opens its events anew where the browser has given up, and not once it has ended", () => {
  const [, script] = /<script>([^]*?)<\/script>/.exec(page)!;
  const sources: { readyState: number; close(): void; onerror?: () => void }[] = [];
  const listeners: Record<string, (event: { data: string }) => void> = {};
  class EventSource {
    readyState = 0;
    constructor() {
      sources.push(this);
    }
    addEventListener = (name: string, listener: () => void) => void (listeners[name] = listener);
    close = () => void (this.readyState = 2);
  }
  const elements: Record<string, { hidden?: boolean; innerHTML?: string }> = {
    view: {},
    lost: {},
  };
  const document = {
    getElementById: (id: string) => elements[id],
    body: { dataset: { events: "/events" } },
  };
  const waits: (() => void)[] = [];
  const run = new Function("document", "EventSource", "setTimeout", script!);
  run(document, EventSource, (wait: () => void) => waits.push(wait));
  sources[0]!.onerror!(); // The browser connects again by itself.
  expect([elements["lost"]!.hidden, waits.length]).toEqual([false, 0]);
  sources[0]!.readyState = 2; // An answer of 502.
  sources[0]!.onerror!();
  waits.pop()!();
  expect(sources).toHaveLength(2);
  listeners["end"]!({ data: "<p>" });
  expect(elements).toEqual({ view: { innerHTML: "<p>" }, lost: { hidden: true } });
  expect([sources[1]!.readyState, waits]).toEqual([2, []]);
});
