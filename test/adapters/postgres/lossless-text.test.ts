import { expect, it } from "vitest";
import { isPgText, PgText } from "../../../src/adapters/postgres/lossless-text.ts";

it("PgText keeps the text of a value, also in JSON", () => {
  const value = new PgText("12345678901234567890", "int8");
  expect([`${value}`, value.type]).toEqual(["12345678901234567890", "int8"]);
  expect(JSON.stringify([value])).toBe('["12345678901234567890"]');
});

it("isPgText() knows a PgText of another copy of the package, and no other object", () => {
  const ofAnotherCopy = Object.create({ [Symbol.for("millrace.pgText")]: true });
  expect([new PgText("1", "int8"), ofAnotherCopy].every(isPgText)).toBe(true);
  expect([{ text: "1", type: "int8" }, "1", null, undefined].some(isPgText)).toBe(false);
});
