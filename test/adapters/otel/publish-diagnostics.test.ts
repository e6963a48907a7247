import { describe, expect, it } from "vitest";
import { publishDiagnostics } from "../../../src/adapters/otel.ts";
import { pipelineOf } from "../../support/otel/runs.ts";

describe("publishDiagnostics()", () => {
  it("returns an observer that does nothing if nobody has subscribed", async () => {
    const report = await pipelineOf().run({ observer: publishDiagnostics() });
    expect(report.loaded).toBe(4);
  });
});
