import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  ConfigurationError,
  etl,
  type EtlError,
  InvalidItemError,
  parse,
  type StandardSchema,
} from "../../src/index.ts";
import { KeptLetters } from "../support/dead-letters/kept-letters.ts";
import { outcomeOfCall } from "../support/outcomes/outcome-of-call.ts";

interface User {
  id: number;
  tags: string[];
}

const schemas: Readonly<Record<string, StandardSchema<unknown, User>>> = {
  zod: z.object({ id: z.number(), tags: z.array(z.string()) }),
  valibot: v.object({ id: v.number(), tags: v.array(v.string()) }),
  arktype: type({ id: "number", tags: "string[]" }),
};

describe.each(Object.entries(schemas))("parse() by %s", (_, schema) => {
  it("gives what the schema makes of an item, at once", () => {
    expect(parse(schema)({ id: 1, tags: ["a"] })).toEqual({ id: 1, tags: ["a"] });
  });

  it("fails an item with all that is wrong, and where", () => {
    const { error } = outcomeOfCall(() => parse(schema)({ id: "1", tags: ["a", 2] }));
    expect(error).toBeInstanceOf(InvalidItemError);
    const { issues, message } = error as InvalidItemError;
    expect(issues.map(({ path }) => path)).toEqual([["id"], ["tags", 1]]);
    expect(message).toBe(`Invalid item: id: ${issues[0]!.message}; tags.1: ${issues[1]!.message}`);
    expect(error).toMatchObject({ name: "InvalidItemError", code: "INVALID_ITEM" });
  });

  it("fails what is no object, with an empty path", () => {
    const { error } = outcomeOfCall(() => parse(schema)(null));
    const [issue] = (error as InvalidItemError).issues;
    expect(issue!.path).toEqual([]);
    expect((error as Error).message).toBe(`Invalid item: ${issue!.message}`);
  });
});

describe("parse()", () => {
  it("waits for a schema that does", async () => {
    const schema = z.number().refine(async (n) => (await undefined, n > 1), "too small");
    expect(await parse(schema)(2)).toBe(2);
    await expect(parse(schema)(1)).rejects.toMatchObject({
      message: "Invalid item: too small",
      issues: [{ path: [], message: "too small" }],
    });
  });

  it("says at most three issues in the message", () => {
    const schema = z.object({ a: z.number(), b: z.number(), c: z.number(), d: z.number() });
    const { error } = outcomeOfCall(() => parse(schema)({}));
    expect((error as InvalidItemError).issues).toHaveLength(4);
    expect((error as Error).message).toMatch(/^Invalid item: a: .*; b: .*; c: .*; and 1 more$/);
  });

  it.each([undefined, null, 1, "text", {}, { "~standard": {} }, { parse: () => 1 }])(
    "refuses what is no schema: %o",
    (schema) => {
      const { error } = outcomeOfCall(() => parse(schema as never));
      expect(error).toBeInstanceOf(ConfigurationError);
      expect((error as EtlError).message).toContain(
        "Cannot call parse() as 'schema' must be a Standard Schema, as of zod, valibot or " +
          "arktype: current value is ",
      );
    },
  );

  it("makes a dead letter of an item, which is not tried again", async () => {
    const kept = new KeptLetters<unknown>();
    const loaded: number[] = [];
    const report = await etl({
      name: "numbers",
      extract: (): unknown[] => [1, "2", 3],
      transform: parse(z.number()),
      load: (rows) => void loaded.push(...rows),
    }).run({ deadLetters: kept.stream, retry: { maxAttempts: 5 }, batchSize: 3 });
    expect(loaded).toEqual([1, 3]);
    expect(kept.letters).toMatchObject([{ item: "2", stage: "transform", attempts: 1 }]);
    expect(report.retries).toBe(0);
  });
});
