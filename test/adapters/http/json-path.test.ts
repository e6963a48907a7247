import { describe, expect, it } from "vitest";
import { jsonPath, valueAt } from "../../../src/adapters/http/json-path.ts";

describe("a path in a body", () => {
  const body = { meta: { next: "x" }, rows: [{ "a.b": [1, 2] }], "@odata.nextLink": "/2" };
  it.each(
    [
      ["$", body],
      ["$.meta.next", "x"],
      ["$.rows", body.rows],
      ["$.rows[*]", body.rows],
      ['$.rows[0]["a.b"][1]', 2],
      ["$['rows'][0]", body.rows[0]],
      ['$["@odata.nextLink"]', "/2"],
      ["$.@odata", undefined],
      ["$.rows[7].id", undefined],
      ["$.meta.next.length", undefined],
      ["$.meta.toString", undefined],
    ] as const,
  )("finds what is at %s", (path, value) => {
    expect(jsonPath.test(path)).toBe(true);
    expect(valueAt(body, path)).toBe(value);
  });

  it.each([null, undefined, 5, "text"])("finds nothing in %s", (body) => {
    expect(valueAt(body, "$.a")).toBeUndefined();
  });

  it.each(["", "meta.next", "$meta", "$.", "$..a", "$.a[", "$.a[*].b", "$[a]", 5, undefined])(
    "is not %s",
    (path) => expect(jsonPath.test(path)).toBe(false),
  );
});
