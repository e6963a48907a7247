/**
 * HTTP APIs as the source or the target of a pipeline. Pages are read with a position to resume from, and
 * batches are posted. Both use `fetch`, on all runtimes.
 * @module
 */
export { readPages } from "./http/read-pages.ts";
export type { Pages, PagesRunOptions, PositionedItem } from "./http/read-pages.ts";
export type {
  FirstPage,
  ItemsOf,
  PagePosition,
  PageRequest,
  PagesOptions,
  TotalOf,
} from "./http/pages-options.ts";
export type {
  CursorPaging,
  NextPage,
  NextToken,
  NumberPaging,
  OffsetPaging,
  PageToken,
  UrlPaging,
} from "./http/paging.ts";
export type { ItemKey } from "./http/seams.ts";
export type { JsonPath } from "./http/json-path.ts";
export type { Fetch } from "./http/send.ts";
export { HttpError, type HttpErrorOptions, isTransient } from "./http/http-error.ts";
export { httpSink } from "./http/sink.ts";
export type { HttpLoad, HttpSink, HttpSinkOptions } from "./http/sink.ts";
export type { RequestBody, RowBody } from "./http/row-body.ts";
export type { FailuresOf, RowFailures } from "./http/row-failures.ts";
