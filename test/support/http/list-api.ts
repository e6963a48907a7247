import { quickResponse } from "./quick-response.ts";

/** A row of a list. */
export interface Row {
  readonly id: number;
}

/** What a list answers in the place of a page, if anything. */
export type Fault = (request: Request, count: number) => Response | Promise<Response> | undefined;

/**
 * A list behind a `fetch`, in pages of 10 by `offset`, `page` or `cursor` (the id of the last row
 * before): what is linked, and what the body says of the next page, follows the parameter that was
 * asked for.
 */
export class ListApi {
  /** What is in the list; a test may change it between two pages. */
  rows: Row[];
  /** Path and query of each request. */
  readonly asked: string[] = [];
  /** Asked before each answer. */
  fault: Fault = () => undefined;
  /** What to hand to a reader. */
  readonly fetch = async (request: Request): Promise<Response> => {
    const { pathname, search, searchParams } = new URL(request.url);
    this.asked.push(pathname + search);
    request.signal.throwIfAborted();
    return await this.fault(request, this.asked.length) ?? this.#page(searchParams);
  };

  /** Makes a list of rows from 1 on. */
  constructor(length: number) {
    this.rows = rowsUpTo(length);
  }

  #page(asked: URLSearchParams): Response {
    const { rows } = this;
    const [name, value] = [...asked][0] ?? ["offset", "0"];
    const begin = {
      offset: Number(value),
      page: (Number(value) - 1) * 10,
      cursor: rows.findIndex(({ id }) => id === Number(value)) + 1,
    }[name]!;
    const data = rows.slice(begin, begin + 10);
    const isLast = begin + 10 >= rows.length;
    const token = { offset: begin + 10, page: Number(value) + 1, cursor: data.at(-1)?.id }[name];
    const next = isLast ? null : `/rows?${name}=${token}`;
    const headers = { "x-total-count": `${rows.length}`, ...next && { link: linkTo(next) } };
    const meta = { next: isLast ? null : token, url: next, total: rows.length };
    return quickResponse(JSON.stringify({ data, meta }), { headers });
  }
}

/** Rows from 1 on, or from another id. */
export function rowsUpTo(last: number, first = 1): Row[] {
  return Array.from({ length: last - first + 1 }, (_, index) => ({ id: first + index }));
}

function linkTo(next: string): string {
  return `</rows?page=1>; rel="first", <${next}>; rel="next"; title="on, <on>"`;
}
