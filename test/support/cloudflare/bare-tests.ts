/**
 * What cases import of vitest and of `cloudflare:test`, for a Worker in which neither is: tests are
 * collected, and run by an object.
 * @module
 */
type Test = () => void | Promise<void>;

/** What a Worker is given. */
export interface Env {
  readonly DB: unknown;
  readonly OBJECT: {
    get(id: unknown): { fetch(request: Request): Promise<Response> };
    newUniqueId(): unknown;
  };
}

interface State {
  readonly storage: { deleteAll(): Promise<void> };
}

const tests = new Map<string, Test>();
const path: string[] = [];
let state: State;

/** The bindings of the object that runs the tests. */
export let env: Env;

/** Takes the tests that are defined within under a name. */
export function describe(name: string, define: () => void): void {
  path.push(name);
  define();
  path.pop();
}

/** Takes a test. */
export function it(name: string, test: Test): void {
  tests.set([...path, name].join(" > "), test);
}

/** Runs something in the object that runs the tests, once it is empty. */
export async function runInDurableObject<T>(
  _stub: unknown,
  run: (object: unknown, state: State) => Promise<T>,
): Promise<T> {
  await state.storage.deleteAll();
  return await run(undefined, state);
}

/** What became of the tests. */
export interface BareOutcome {
  readonly passed: number;
  readonly failed: readonly string[];
}

/** Runs all tests when it is asked to. */
export class TestObject {
  constructor(own: State, bindings: Env) {
    state = own;
    const OBJECT = { get: () => undefined!, newUniqueId: () => undefined };
    env = { ...bindings, OBJECT };
  }

  async fetch(): Promise<Response> {
    const failed: string[] = [];
    for (const [name, test] of tests) {
      try {
        await test();
      } catch (error) {
        failed.push(`${name}: ${error instanceof Error ? error.stack : error}`);
      }
    }
    const outcome: BareOutcome = { passed: tests.size - failed.length, failed };
    return Response.json(outcome);
  }
}
