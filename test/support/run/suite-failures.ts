import type { DefineTest } from "../../../src/adapters/testing.ts";

/** Defines the tests of a suite, runs them, and gives the names of those that failed. */
export async function failuresOf(define: (it: DefineTest) => void): Promise<string[]> {
  const tests: [name: string, test: () => void | Promise<void>][] = [];
  define((name, test) => void tests.push([name, test]));
  const failures: string[] = [];
  for (const [name, test] of tests) {
    try {
      await test();
    } catch {
      failures.push(name);
    }
  }
  return failures;
}
