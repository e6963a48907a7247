import type { StageName, StageTimes } from "../../report-types.ts";
import { element, percentOf, shareOf, short } from "./markup.ts";
import { sharesOf } from "./shares.ts";

/** Description of a bar for readers who do not see it. */
export function wordsOf(times: StageTimes): string {
  return sharesOf(times).map(({ state, share }) => `${state} ${shareOf(share)}`).join(", ");
}

/**
 * The parts of a bar, as wide as what it stands in or so many units. With the parts come their
 * shares as `data-share`.
 */
export function segments(
  stage: StageName,
  times: StageTimes,
  height: number,
  width?: number,
): string {
  let from = 0;
  const at = (share: number) => width === undefined ? percentOf(share, 1) : short(share * width);
  return sharesOf(times).map(({ state, share }) => {
    const x = at(from);
    from += share;
    if (share === 0) return "";
    const box = { x, y: 0, width: at(share), height, class: state };
    const data = { "data-stage": stage, "data-state": state, "data-share": short(share) };
    return element("rect", { ...box, ...data }, element("title", {}, `${state} ${shareOf(share)}`));
  }).join("");
}
