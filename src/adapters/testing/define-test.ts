/**
 * Function that defines a test: `it` of vitest and of node:test, `test` of bun:test, `Deno.test`.
 */
export type DefineTest = (name: string, test: () => void | Promise<void>) => unknown;
