import { describe, expect, it } from "vitest";
import { failuresIn } from "../../../src/adapters/http/row-failures.ts";
import { errorOf } from "../../support/outcomes/error-of.ts";

const request = new Request("https://api.example/rows", { method: "POST" });
const inMultiStatus = (entries: unknown, rows: readonly unknown[]) =>
  failuresIn(request, Response.json(entries, { status: 207 }), rows, undefined);

describe("the rows that a service has refused", () => {
  it("are those of a 207 whose status is 400 or more", async () => {
    const entries = [200, 304, 400, 503].map((status) => ({ status, id: status }));
    const failures = await inMultiStatus(entries, [1, 2, 3, 4]);
    expect([...failures.keys()]).toEqual([2, 3]);
    expect(failures.get(2)).toMatchObject({
      name: "HttpError",
      status: 400,
      message: 'The service has refused the row: {"status":400,"id":400}',
    });
  });

  it.each([[[]], [[{ status: 200 }]], [[{ status: 200 }, {}]], [[{ status: 200 }, null]], [{}], [
    null,
  ]])(
    "are not known where a 207 is %j",
    async (entries) => {
      expect(await errorOf(inMultiStatus(entries, [1, 2]))).toMatchObject({
        message: expect.stringMatching(/^Cannot load through httpSink as 'failures' must be given/),
      });
    },
  );

  it("are none of a good answer, whose body is let go", async () => {
    let isCancelled = false;
    const body = new ReadableStream({ cancel: () => void (isCancelled = true) });
    expect(await failuresIn(request, new Response(body), [1], undefined)).toEqual(new Map());
    expect(isCancelled).toBe(true);
  });
});
