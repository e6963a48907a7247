import { expect, it } from "vitest";
import { letterRow } from "../../src/sql/letter-row.ts";

const facts = { pipeline: "p", runId: "r", offset: 4, attempts: 2, at: 5 };

it("a dead letter has JSON for what it holds, and the name, message and code of its error", () => {
  const error = Object.assign(new TypeError("no"), { code: 7 });
  expect(letterRow({ ...facts, item: { id: 7n }, row: undefined, error, stage: "load" })).toEqual({
    ...facts,
    stage: "load",
    item: '{"id":{"$":"bigint","value":"7"}}',
    row: expect.stringContaining("undefined"),
    error: expect.stringContaining('"no"'),
    errorParts: { name: "TypeError", message: "no", code: "7" },
  });
});

it("a dead letter has no row, name or code where there is none, or none that can be read", () => {
  const error = {
    get name(): string {
      throw new Error("unreadable");
    },
  };
  const row = letterRow({ ...facts, item: 1, error, stage: "transform" });
  expect(row).toMatchObject({ item: "1", row: null, errorParts: { name: null, code: null } });
});

it("a dead letter of a load with branches begins its message with those that lack the item", () => {
  const letter = { ...facts, item: 1, error: new Error("no"), stage: "load" } as const;
  const row = letterRow({ ...letter, branches: ["table", "index"] });
  expect(row.errorParts).toEqual({ name: "Error", message: "table,index: no", code: null });
});
