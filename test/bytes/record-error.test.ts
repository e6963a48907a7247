import { describe, expect, it } from "vitest";
import { inputFailure, RecordError } from "../../src/bytes/record-error.ts";

describe("RecordError", () => {
  it("tells the input, the line and the byte", () => {
    const cause = new SyntaxError("oh");
    const place = { name: "users.ndjson", line: 3, byte: 120 };
    const error = new RecordError('"{" as JSON', place, { cause });
    expect(error.message).toBe('Cannot read "{" as JSON (users.ndjson, line 3, byte 120)');
    expect(error).toMatchObject({
      code: "RECORD",
      input: "users.ndjson",
      line: 3,
      byte: 120,
      cause,
    });
    expect(new RecordError("it", { ...place, name: "" }).message)
      .toBe("Cannot read it (line 3, byte 120)");
  });
});

describe("inputFailure", () => {
  it("tells the deepest message, and the bytes read", () => {
    const cause = new TypeError("", { cause: new Error("", { cause: new Error("cut") }) });
    const error = inputFailure(cause, "a.gz", 7);
    expect(error.message).toBe("Cannot read the input: cut (a.gz, after 7 bytes)");
    expect(error).toMatchObject({ code: "INPUT", input: "a.gz", byte: 7, cause });
  });
});
