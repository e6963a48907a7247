import { expect, it } from "vitest";
import { Replayed } from "../../src/dead-letters/replayed.ts";
import { isOf } from "../../src/errors.ts";
import { letterOf } from "../support/dead-letters/letters.ts";

it("a letter that is replayed is told from an item of the same shape, across copies", () => {
  const letter = letterOf(1);
  class OfAnotherCopy {
    static readonly millrace = Replayed.millrace;
    readonly letter = letter;
  }
  expect(new Replayed(letter).letter).toBe(letter);
  expect([new Replayed(letter), new OfAnotherCopy()].every((one) => isOf(one, Replayed))).toBe(
    true,
  );
  expect(isOf({ letter }, Replayed)).toBe(false);
});
