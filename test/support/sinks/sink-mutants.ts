import { describe, expect, it } from "vitest";
import { type DefineTest, type SinkSuite, testSink } from "../../../src/adapters/testing.ts";
import { failuresOf } from "../run/suite-failures.ts";
import { MemorySink } from "./memory-sink.ts";

/** How a sink with one thing wrong is made, and the tests that find it. */
export type SinkMutant = readonly [what: string, suite: Partial<SinkSuite>, tests: string[]];

/** Makes a sink of one table. */
const create = () => new MemorySink();

/**
 * Tests a part of `testSink`, which it has where more is given than how a sink is made: that it passes
 * a sink that is right, and that each of its tests fails for one that is not.
 */
export function testSinkPart(
  what: string,
  right: Partial<SinkSuite>,
  mutants: readonly SinkMutant[],
): void {
  const { tombstone, createTables } = right; // Tombstones of one table are another part.
  const others = new Set(namesOf({ create, ...(tombstone && createTables && { tombstone }) }));
  const names = namesOf({ create, ...right }).filter((name) => !others.has(name));
  const definePart = (it: DefineTest, suite: Partial<SinkSuite>) =>
    testSink((name, test) => names.includes(name) && it(name, test), { create, ...suite });

  describe(`testSink with a sink that takes ${what}`, () => definePart(it, right));

  describe(`testSink() with a sink that takes ${what}`, () => {
    it.each(mutants)("fails for %s", async (_, suite, expected) => {
      const failures = await failuresOf((it) => definePart(it, suite));
      expect(failures).toEqual(expect.arrayContaining(expected));
    });

    it("has no test that never fails", () => {
      const found = new Set(mutants.flatMap(([, , names]) => names));
      expect(names.filter((name) => !found.has(name))).toEqual([]);
    });
  });
}

function namesOf(suite: SinkSuite): string[] {
  const names: string[] = [];
  testSink((name) => void names.push(name), suite);
  return names;
}
