import { expect, it } from "vitest";
import { segments, wordsOf } from "../../../src/adapters/report/stage-bar.ts";
import { elementsWith } from "../../support/report/report-markup.ts";

const times = { busy: 30, starved: 70, blocked: 0 };

it("the bar of a stage says its shares in words", () => {
  expect(wordsOf(times)).toBe("busy 30 %, blocked 0 %, starved 70 %");
});

it("the bar of a stage has parts side by side, as wide as their shares, and none of nothing", () => {
  const parts = (width?: number) =>
    elementsWith(segments("load", times, 9, width), "data-share")
      .map((part) => [part["data-state"], part["x"], part["width"]]);
  expect(parts()).toEqual([["busy", "0%", "30%"], ["starved", "30%", "70%"]]);
  expect(parts(200)).toEqual([["busy", "0", "60"], ["starved", "60", "140"]]);
});
