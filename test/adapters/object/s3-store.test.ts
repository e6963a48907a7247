import { describe, expect, it } from "vitest";
import { ObjectError, s3Store } from "../../../src/adapters/object.ts";
import { ConfigurationError } from "../../../src/errors.ts";
import { FakeS3, type Fault } from "../../support/object/fake-s3.ts";
import { testObjectStore, textIn } from "../../support/object/store-cases.ts";

const url = "https://s3.example/bucket";
const some = new TextEncoder().encode("some");

/** A bucket that has these faults, one after the other, and none after that. */
function faulty(...faults: (Fault | undefined)[]) {
  const s3 = new FakeS3({ fault: () => faults.shift() });
  return { s3, store: s3Store(`${url}/`, { fetch: s3.fetch }) };
}

describe("s3Store()", () => {
  testObjectStore(() => ({ store: s3Store(url, { fetch: new FakeS3().fetch }) }));

  it("asks again for what may pass", async () => {
    const later = { status: 503, code: "SlowDown", retryAfter: "0.01" };
    const { s3, store } = faulty(later, { status: 409, code: "ConditionalRequestConflict" });
    expect(await store.put("a", some, { ifAbsent: true })).toBe(true);
    expect(s3.requests.map(({ headers }) => headers.get("if-none-match"))).toEqual(["*", "*", "*"]);
  });

  it.each(["answer lost", "broken"] as const)(
    "tells that a put found an object where its own answer was not heard: %s",
    async (fault) => {
      const { store } = faulty(fault);
      expect(await store.put("a", some, { ifAbsent: true })).toBe(false);
      expect(await textIn(store, "a")).toBe("some");
    },
  );

  it("says what the store refuses, and asks once", async () => {
    const { s3, store } = faulty({ status: 403, code: "AccessDenied" });
    const error = await store.put("a/b", some).catch((error: unknown) => error);
    const told = 'Cannot put object "a/b": the store answered 403 AccessDenied: No & no';
    expect(error).toEqual(new ObjectError(told, { status: 403 }));
    expect(s3.requests.length).toBe(1);
  });

  it("gives up after four requests", async () => {
    const down: Fault = { status: 503, retryAfter: "0.001" };
    const { s3, store } = faulty(down, down, down, down, down);
    const listing = Array.fromAsync(store.list("x/"));
    await expect(listing).rejects.toMatchObject({
      name: "ObjectError",
      status: 503,
      retryAfter: 1,
    });
    expect(s3.requests.length).toBe(4);
  });

  it("refuses a part that it has not asked for", async () => {
    const fetch = async () => new Response("whole", { headers: { etag: '"1"' } });
    const reading = s3Store(url, { fetch }).get("a", { from: 2 });
    await expect(reading).rejects.toThrow("the store gave another part of it than was asked for");
  });

  it("gives the signal to the request, and its reason to who waits", async () => {
    const stop = new AbortController();
    const reason = new Error("enough");
    const fetch = (_: string, { signal }: { signal?: AbortSignal }) =>
      new Promise<Response>((_, reject) => {
        signal!.addEventListener("abort", () => reject(signal!.reason), { once: true });
        stop.abort(reason);
      });
    const reading = s3Store(url, { fetch }).get("a", { signal: stop.signal });
    await expect(reading).rejects.toBe(reason);
  });

  it.each(["", "s3.example", "ftp://s3.example", `${url}?x=1`])("refuses the address %j", (bad) => {
    expect(() => s3Store(bad, { fetch: new FakeS3().fetch })).toThrow(ConfigurationError);
  });

  it("refuses to do without a fetch that signs", () => {
    expect(() => s3Store(url, {} as never)).toThrow(
      "Cannot construct s3Store as 'fetch' must be a function",
    );
  });
});
