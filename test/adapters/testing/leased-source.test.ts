import { describe, expect, it } from "vitest";
import { type TestedQueue, testLeasedSource } from "../../../src/adapters/testing.ts";
import { leased, type LeaseOptions } from "../../../src/index.ts";
import { inTime, useOwnTime } from "../../support/run/time.ts";

interface Message {
  readonly body: string;
  delivery: number;
}

const lease = 30;

/** A broker in memory: what it hears nothing of for a lease comes again. */
function brokerOf(
  bodies: readonly string[],
  change: (options: LeaseOptions<Message>, out: Set<Message>) => Partial<LeaseOptions<Message>> =
    () => ({}),
): TestedQueue<Message> {
  const waiting = bodies.map((body): Message => ({ body, delivery: 0 }));
  const out = new Map<Message, number>();
  const back = (items: readonly Message[]) => {
    for (const item of items) {
      if (out.delete(item)) waiting.push(item);
    }
  };
  const expire = () =>
    back([...out].filter(([, since]) => performance.now() - since > lease).map(([item]) => item));
  const source = () => {
    const mine = new Set<Message>();
    const extend = setInterval(() => {
      for (const item of mine) if (out.has(item)) out.set(item, performance.now());
    }, lease / 4);
    async function* take() {
      // A faulty one is not to go on for ever.
      for (let turns = 0; waiting.length + out.size > 0 && turns < 500; turns++) {
        expire();
        const item = waiting.shift();
        if (item === undefined) await new Promise((resolve) => void setTimeout(resolve, 1));
        else {
          item.delivery++;
          mine.add(item);
          out.set(item, performance.now());
          yield item;
        }
      }
    }
    const options: LeaseOptions<Message> = {
      acknowledge: (items) => {
        for (const item of items) {
          mine.delete(item);
          out.delete(item);
        }
      },
      reject: ([item]) => {
        if (item!.delivery >= 3) return undefined;
        back([item!]);
        return "returned";
      },
      release: back,
      attemptsOf: ({ delivery }) => delivery,
      close: () => clearInterval(extend),
    };
    return leased(take(), { ...options, ...change(options, mine) });
  };
  return { source, bodyOf: ({ body }) => body, unfinished: () => waiting.length + out.size };
}

describe("testLeasedSource() of a broker in memory", () => {
  useOwnTime(); // A machine that is held up for the time of a lease is no fault of a source.
  const define = (name: string, test: () => void | Promise<void>) =>
    it(name, () => inTime(Promise.resolve(test())));
  testLeasedSource(define, { lease, create: (bodies) => brokerOf(bodies) });
});

describe("testLeasedSource()", () => {
  useOwnTime();

  it.each<[string, Parameters<typeof brokerOf>[1], string]>([
    [
      "tells nobody what is done",
      () => ({ acknowledge: () => {} }),
      "gives each message once, and is told of it",
    ],
    [
      "loses what it gives back",
      ({ acknowledge }) => ({
        release: (items, context) => acknowledge(items, { ...context, ranges: [] }),
      }),
      "gives back all that is out when a load fails",
    ],
    [
      "does not extend its leases",
      (_, mine) => {
        mine.add = () => mine; // It knows of none.
        return {};
      },
      "delivers nothing again while it is loaded, however long that takes",
    ],
    [
      "says that it has taken back what it has not",
      ({ acknowledge }) => ({
        reject: (items, _, context) => (acknowledge(items, context), "returned"),
      }),
      "loses none that fails, and loads the others",
    ],
  ])("finds a source that %s", async (_, change, name) => {
    const tests = new Map<string, () => void | Promise<void>>();
    testLeasedSource((name, test) => tests.set(name, test), {
      lease,
      create: (bodies) => brokerOf(bodies, change),
    });
    await expect(inTime(Promise.resolve().then(tests.get(name)))).rejects.toThrow();
  });
});
