import { expect, it } from "vitest";
import { figureOf, keyOf } from "../../../src/adapters/report/plot.ts";

const plot = {
  id: "p",
  kind: "latency",
  title: "<b>",
  description: "A & B",
  height: 9,
  body: "<g/>",
};

it("a figure has its title and its description as text, for those who do not see it", () => {
  const figure = figureOf(plot);
  expect(figure).toContain('aria-labelledby="p-t p-d"');
  expect(figure).toContain('<title id="p-t">&lt;b&gt;</title><desc id="p-d">A &amp; B</desc><g/>');
});

it("a figure has a key and a note only if they are given", () => {
  expect(figureOf(plot)).not.toMatch(/class="(?:key|note)"/);
  const key = keyOf(["<rect/>", "a load"]);
  expect(figureOf({ ...plot, key, note: "one" })).toContain(
    '<ul class="key"><li><svg class="swatch" width="18" height="12" aria-hidden="true"><rect/>' +
      "</svg>a load</li></ul>",
  );
  expect(figureOf({ ...plot, note: "one" })).toContain('<p class="note">one</p>');
});
