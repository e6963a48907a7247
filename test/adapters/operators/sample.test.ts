import { expect, it } from "vitest";
import { chunks } from "../../../src/index.ts";
import { pipe, sample, streamOf } from "../../../src/adapters/operators.ts";
import { readAll } from "../../support/streams/streams.ts";

const numbers = Array.from({ length: 10_000 }, (_, n) => n);

it("lets about so many items pass, the same ones each time, however they come", async () => {
  const { chunks: some } = await readAll(streamOf(pipe(numbers, sample({ rate: 0.2 }))));
  expect(some.length).toBeGreaterThan(1_850);
  expect(some.length).toBeLessThan(2_150);
  const pages = chunks([numbers.slice(0, 7), numbers.slice(7)]);
  expect((await readAll(streamOf(pipe(pages, sample({ rate: 0.2 }))))).chunks).toEqual(some);
  const others = await readAll(streamOf(pipe(numbers, sample({ rate: 0.2, seed: 1 }))));
  expect(others.chunks).not.toEqual(some);
});

it.each([
  [{}, "'rate' must be a number above 0 and up to 1: current value is undefined"],
  [{ rate: 0 }, "'rate' must be a number above 0 and up to 1: current value is 0"],
  [{ rate: 1.1 }, "'rate' must be a number above 0 and up to 1: current value is 1.1"],
  [{ rate: 1, seed: 0.5 }, "'seed' must be an integer: current value is 0.5"],
])("refuses %o", (options, words) => {
  expect(() => sample(options as never)).toThrow(`Cannot construct sample as ${words}`);
});
