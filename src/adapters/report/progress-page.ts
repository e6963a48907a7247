import { checkOptions, fail, nonEmptyString, type OptionTable } from "../../options.ts";
import { attributes, label } from "./markup.ts";
import { shell } from "./page.ts";

/** Options of `progressPage`. */
export interface ProgressPageOptions {
  /** The URL of the events, on the same server as the page, such as `"/events"`: a non-empty string. */
  events: string;
  /**
   * The title of the page: a non-empty string.
   * @default {"Progress"}
   */
  title?: string | undefined;
}

const action = "make a progress page";
const options: OptionTable<ProgressPageOptions> = {
  events: [nonEmptyString],
  title: [nonEmptyString, "Progress"],
};

/**
 * Shows each event; the page allows this script alone, by its hash. An `EventSource` gives up for good
 * where a server answers with an error, as a proxy does while what is behind it starts again.
 */
const script = `const view=document.getElementById("view"),lost=document.getElementById("lost");` +
  `const open=()=>{const events=new EventSource(document.body.dataset.events);` +
  `const show=({data})=>{view.innerHTML=data;lost.hidden=true};` +
  `events.addEventListener("progress",show);` +
  `events.addEventListener("end",(event)=>{show(event);events.close()});` +
  `events.onerror=()=>{lost.hidden=false;if(events.readyState===2)setTimeout(open,2000)}};open();`;
const hash = "ZYQ6T3o2mWaZVZXfG2zgjcif72QS2zlymPmjyNqiHT0=";

/**
 * Returns a page that follows a run by the events of `progressEvents`, and shows its report when it is
 * over. If the connection is lost, the page says so and reconnects.
 *
 * The page loads only these events, which must be on its own origin. Its only script is allowed by its
 * hash.
 *
 * @throws {ConfigurationError} If an option is unknown or breaks its rule.
 *
 * @example A server of the page and of its events
 * ```ts
 * import { etl } from "millrace";
 * import { progressEvents, progressPage } from "millrace/report";
 * import { equal } from "node:assert/strict";
 *
 * const run = etl({ name: "films", extract: () => [1, 2, 3], load: () => {} }).start();
 * const serve = (request: Request) =>
 *   new URL(request.url).pathname === "/events"
 *     ? progressEvents(run)
 *     : new Response(progressPage({ events: "/events" }), {
 *       headers: { "content-type": "text/html; charset=utf-8" },
 *     });
 * const text = await serve(new Request("http://localhost/events")).text();
 * equal(text.includes("event: end"), true);
 * ```
 */
export function progressPage(settings: ProgressPageOptions): string {
  const { events, title } = checkOptions<ProgressPageOptions>(action, settings, options);
  if (events === undefined) fail(action, "events", nonEmptyString.expected, events);
  const policy = `script-src 'sha256-${hash}'; connect-src 'self'`;
  const waiting = `<header class="top"><h1><bdi>${label(title, 90)}</bdi></h1>` +
    `<noscript><p class="facts">This page follows a run by a script.</p></noscript></header>`;
  const body =
    `<p class="lost" id="lost" role="status" hidden>The connection is lost. Trying again…` +
    `</p>\n<div id="view">${waiting}</div>\n<script>${script}</script>`;
  return shell(title, policy, attributes({ "data-events": events }), body);
}
