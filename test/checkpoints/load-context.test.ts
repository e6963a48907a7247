import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../src/errors.ts";
import { beginCall, makeCall } from "../../src/checkpoints/load-call.ts";
import { checkLoadContext, refuseCopy } from "../../src/checkpoints/load-context.ts";

describe("the context of a sink's load", () => {
  it.each([[undefined, "undefined"], [{ runId: "one" }, "an object"]])(
    "is rejected with advice if it is %o",
    (context, shown) => {
      const rule = "the context of a load (pass it on as the second argument)";
      expect(() => checkLoadContext(context as never)).toThrow(
        new ConfigurationError(
          `Cannot load rows as 'context' must be ${rule}: current value is ${shown}`,
        ),
      );
      expect(() => checkLoadContext({ runId: "one", batch: { attempt: 1 } })).not.toThrow();
    },
  );

  it("is rejected if it is a copy, by an error that takes the marks of its call back", () => {
    const call = beginCall(() => {});
    const undone: string[] = [];
    const undo = () => void undone.push("mark");
    expect(() => makeCall(Object.assign(call, { undo }), refuseCopy)).toThrow("'batch.ranges'");
    expect(undone).toEqual(["mark"]);
    expect(refuseCopy).toThrow(ConfigurationError);
  });
});
