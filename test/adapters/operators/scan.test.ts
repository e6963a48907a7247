import { expect, it } from "vitest";
import { pipe, scan, streamOf } from "../../../src/adapters/operators.ts";
import { readAll } from "../../support/streams/streams.ts";

it("begins anew for each reading", async () => {
  const sums = pipe([1, 2], scan((all: number[], n: number) => [...all, n], () => []));
  for (let reading = 0; reading < 2; reading++) {
    expect(await readAll(streamOf(sums))).toEqual({ chunks: [[1], [1, 2]] });
  }
});

it("refuses a promise, and what is no function", async () => {
  const { error } = await readAll(streamOf(pipe([1], scan(async () => 1, async () => 0) as never)));
  expect(String(error)).toContain(
    "Cannot scan items as 'add' must be a function that returns no promise: current value is ",
  );
  expect(() => scan(() => 1, 0 as never)).toThrow(
    "Cannot construct scan as 'init' must be a function: current value is 0",
  );
});
