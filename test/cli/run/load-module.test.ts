import { expect, it } from "vitest";
import { sentenceOf } from "../../../src/cli/run/load-module.ts";

it("names the ending of a module that Node takes for CommonJS", () => {
  const error = new SyntaxError("Cannot use import statement outside a module");
  const sentence =
    'as package.json does not say "type": "module": let it say so, or call the file ';
  expect(sentenceOf("orders.ts", error)).toBe(`Cannot import "orders.ts" ${sentence}"orders.mts"`);
  expect(sentenceOf("orders.js", new SyntaxError("Unexpected token 'export'")))
    .toBe(`Cannot import "orders.js" ${sentence}"orders.mjs"`);
  expect(sentenceOf("orders.mjs", error)).toContain("SyntaxError: Cannot use import statement");
});
