import { expect, it } from "vitest";
import { type OwnSettings, ownSettings, settingsFor } from "../../src/pipeline/own-settings.ts";

it("settingsFor() returns what the pipeline makes of its settings, or else the very settings", () => {
  const settings = { batchSize: 3 };
  const own: OwnSettings = {
    ignored: [],
    expected: "",
    adapt: (given) => ({ ...given, batchSize: 1 }),
  };
  expect(settingsFor({ [ownSettings]: own }, settings)).toEqual({ batchSize: 1 });
  expect(settingsFor({}, settings)).toBe(settings);
});
