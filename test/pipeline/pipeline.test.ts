import { describe, expect, it, vi } from "vitest";
import { ConfigurationError, etl, type Pipeline } from "../../src/index.ts";

const call = vi.fn(() => []);
const pipeline: Pipeline<number> = {
  ...{ name: "untouched", preProcess: call, extract: call, transform: call as never },
  ...{ load: call, postProcess: call, finalize: call },
};

describe("etl() of a pipeline", () => {
  it.each<[unknown, string]>([
    [undefined, "'pipeline' must be an object: current value is undefined"],
    [null, "'pipeline' must be an object: current value is null"],
    ["users", `'pipeline' must be an object: current value is "users"`],
    [
      { ...pipeline, name: undefined },
      "'name' must be a non-empty string: current value is undefined",
    ],
    [{ ...pipeline, name: "" }, `'name' must be a non-empty string: current value is ""`],
    [{ ...pipeline, name: 7 }, "'name' must be a non-empty string: current value is 7"],
    [{ ...pipeline, extract: [1] }, "'extract' must be a function: current value is an array of 1"],
    [{ ...pipeline, load: undefined }, "'load' must be a function: current value is undefined"],
    [{ ...pipeline, preProcess: null }, "'preProcess' must be a function: current value is null"],
    [{ ...pipeline, transform: 1 }, "'transform' must be a function: current value is 1"],
    [{ ...pipeline, postProcess: true }, "'postProcess' must be a function: current value is true"],
    [{ ...pipeline, finalize: "x" }, `'finalize' must be a function: current value is "x"`],
    [
      { ...pipeline, transform: undefined, transformBatch: {} },
      "'transformBatch' must be a function: current value is an object",
    ],
    [{ ...pipeline, acknowledge: 1 }, "'acknowledge' must be a function: current value is 1"],
    [{ ...pipeline, reject: null }, "'reject' must be a function: current value is null"],
    [{ ...pipeline, replayable: 0 }, "'replayable' must be a boolean: current value is 0"],
    ...[0, 1.5, "10", null, Infinity].map((batchSize): [unknown, string] => [
      { ...pipeline, load: Object.assign(() => {}, { batchSize }) },
      "'load.batchSize' must be a positive integer: current value is " +
      (typeof batchSize === "string" ? `"${batchSize}"` : `${batchSize}`),
    ]),
    [
      { ...pipeline, transformBatch: () => [] },
      "'transformBatch' must be omitted if 'transform' is given: current value is a function",
    ],
  ])("throws for %o with the whole sentence", (given, rule) => {
    const error = new ConfigurationError(`Cannot create pipeline as ${rule}`);
    expect(() => etl(given as Pipeline<number>)).toThrow(error);
    expect(call).not.toHaveBeenCalled();
  });
});
