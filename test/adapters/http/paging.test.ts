import { describe, expect, it } from "vitest";
import { type Page, pagingOf } from "../../../src/adapters/http/paging.ts";

const address = "https://api.example/rows?page=7&offset=30";

function pageOf(more: Partial<Page> = {}): Page {
  const [request, response] = [new Request(address), new Response()];
  return { token: address, request, response, body: {}, size: 10, ...more };
}
const afterLink = (link: string, first: string | undefined = address) => {
  const response = new Response(null, { headers: link ? { link } : {} });
  return pagingOf("read pages", "link", first).after(pageOf({ response }));
};

describe("paging by links", () => {
  it.each([
    ["<https://api.example/2>; rel=next", "https://api.example/2"],
    ['<?page=8>; rel="next"', "https://api.example/rows?page=8"],
    ['</a,b;c>; title="x, <y>; z"; REL="prev Next"', "https://api.example/a,b;c"],
    ['<a>; rel="prev", <b>; foo=bar; rel=next, <c>; rel="last"', "https://api.example/b"],
    ['<a>;rel="nextish", <b>; rel="last"', null],
    ['<>; rel="next"', null],
    ["", null],
  ])("reads %s", (link, target) => expect(afterLink(link)).toBe(target));

  it("follows the address that the answer has come from", () => {
    const response = new Response(null, { headers: { link: "<?page=8>; rel=next" } });
    Object.defineProperty(response, "url", { value: "https://api.example/moved/rows" });
    expect(pagingOf("read pages", "link", address).after(pageOf({ response }))).toBe(
      "https://api.example/moved/rows?page=8",
    );
  });
});

describe("paging", () => {
  it.each([
    ["abc", "abc"],
    [5, 5],
    [{ id: 1 }, { id: 1 }],
    ["", null],
    [null, null],
    [undefined, null],
    [false, null],
  ])("by cursors ends without one: %j", (next, token) => {
    const paging = pagingOf("read pages", { cursor: "$.next", param: "after" }, address);
    expect(paging.start).toBeNull();
    expect(paging.after(pageOf({ body: { next } }))).toEqual(token);
  });

  it("by offset or number begins where the address says", () => {
    expect(pagingOf("read pages", { page: "page" }, address).start).toBe(7);
    expect(pagingOf("read pages", { offset: "offset" }, address).start).toBe(30);
    expect(pagingOf("read pages", { page: "p" }, address).start).toBe(1);
    expect(pagingOf("read pages", { offset: "skip" }, undefined).start).toBe(0);
  });

  it("by offset or number ends at an empty page, or one that is not full", () => {
    const offset = pagingOf("read pages", { offset: "offset" }, address);
    expect(offset.after(pageOf({ token: 30, size: 3 }))).toBe(33);
    expect(offset.after(pageOf({ token: 30, size: 0 }))).toBeNull();
    const number = pagingOf("read pages", { page: "page", size: 10 }, address);
    expect(number.after(pageOf({ token: 7, size: 10 }))).toBe(8);
    expect(number.after(pageOf({ token: 7, size: 9 }))).toBeNull();
  });

  it.each([
    ["/rows?b", address, "https://api.example/rows?b"],
    [new URL("https://api.example/c"), address, "https://api.example/c"],
    [undefined, address, null],
    [null, undefined, null],
    ["cursor", undefined, "cursor"],
    [{ month: 2 }, undefined, { month: 2 }],
  ])("by a function takes %s", (given, first, token) => {
    expect(pagingOf("read pages", () => given, first).after(pageOf())).toEqual(token);
  });
});
