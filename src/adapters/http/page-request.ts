import type { PagesSettings } from "./pages-options.ts";
import type { PageToken } from "./paging.ts";
import { shown } from "./http-error.ts";

/** Makes the request for a page. */
export async function requestFor<T>(
  { first, paging, init }: Pick<PagesSettings<T>, "first" | "paging" | "init">,
  token: PageToken,
  signal: AbortSignal,
): Promise<Request> {
  const { param, isAddress } = paging;
  const base = typeof first === "function" ? await first(token ?? undefined) : first;
  const given = base instanceof Request ? base : new Request(base);
  let url = given.url;
  if (isAddress && typeof first !== "function") url = checkedAddress(token, url);
  else if (param !== undefined && token !== null) {
    const address = new URL(url);
    address.searchParams.set(param, String(token));
    url = address.href;
  }
  const request = url === given.url ? given : new Request(url, given);
  return new Request(request, { ...init, signal });
}

/** Returns the address of a page, which must have the origin of the first: it gets the same headers. */
function checkedAddress(token: PageToken, first: string): string {
  if (typeof token !== "string") {
    throw new TypeError(`The address of a page must be a string: current value is ${token}`);
  }
  const { origin, href } = new URL(token);
  if (origin === new URL(first).origin) return href;
  const words = "is on another origin, which would be given the headers of the first request";
  throw new Error(`Page ${shown(href)} ${words}; to go there, make the requests by a function`);
}
