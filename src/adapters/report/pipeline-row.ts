import { about, count, counted } from "../../explain/quantities.ts";
import type { RunReport, StageName } from "../../report-types.ts";
import { element, shareOf } from "./markup.ts";
import { keyOf } from "./plot.ts";
import { sharesOf, stageNames, type StageState, stateWords } from "./shares.ts";
import { segments, wordsOf } from "./stage-bar.ts";

/** The pipeline from left to right, or on a phone downwards, with the times of its stages. */
export function pipelineRow(id: string, report: RunReport): string {
  const { extracted, skipped, deadLettered, batches, loaded } = report;
  const size = batches > 0 ? `${about(loaded / batches)} items` : "";
  const bucket = `<div class="bucket"><h3>bucket</h3><p>${counted(batches, "batch", "batches")}` +
    `${size === "" ? "" : ` of about ${size}`}</p></div>`;
  const dropped = [
    skipped > 0 ? `<span>${count(skipped)} skipped</span>` : "",
    deadLettered > 0 ? `<span class="alarm">${counted(deadLettered, "dead letter")}</span>` : "",
  ].join("");
  return `<div class="pipeline">${stage(id, "extract", report)}${
    flow(`<span>${counted(extracted, "item")}</span>`)
  }` +
    `${bucket}${flow("")}${stage(id, "transform", report)}${flow(dropped)}` +
    `${stage(id, "load", report)}</div>${legend(report)}`;
}

function stage(id: string, name: StageName, { stages, bottleneck }: RunReport): string {
  const times = stages[name];
  const isMost = bottleneck === name && times.busy > 0;
  const key = `${id}-${name}`;
  const bar = element(
    "svg",
    {
      role: "img",
      "aria-labelledby": `${key}-t ${key}-d`,
      class: "bar",
      width: "100%",
      height: 18,
    },
    element("title", { id: `${key}-t` }, `Time of ${name}`),
    element("desc", { id: `${key}-d` }, wordsOf(times)),
    segments(name, times, 18),
  );
  const list = sharesOf(times).map(({ state, share }) =>
    `<li${share === 0 ? ' class="none"' : ""}>${swatch(state)}${state}<b>${shareOf(share)}</b></li>`
  );
  return `<section class="stage${isMost ? " most" : ""}"><header><h3>${name}</h3>` +
    `${isMost ? "<span>busiest</span>" : ""}</header>${bar}` +
    `<ul class="shares">${list.join("")}</ul></section>`;
}

function swatch(state: StageState): string {
  const rect = element("rect", { width: 14, height: 10, class: state });
  return `<svg class="swatch" width="14" height="10" aria-hidden="true">${rect}</svg>`;
}

/** An arrow with what passes it. */
function flow(words: string): string {
  return `<div class="flow">${words}` +
    `<svg class="right-arrow" width="44" height="12" aria-hidden="true">` +
    `<path d="M2 6H41M36 1.5L41.5 6L36 10.5"/></svg>` +
    `<svg class="down" width="12" height="22" aria-hidden="true">` +
    `<path d="M6 1V20M1.5 15L6 20.5L10.5 15"/></svg></div>`;
}

function legend({ stages }: RunReport): string {
  const seen = new Set(stageNames.flatMap((name) => sharesOf(stages[name])).map((s) => s.state));
  const entries = Object.entries(stateWords) as [StageState, string][];
  return keyOf(
    ...entries.filter(([state]) => seen.has(state)).map(([state, words]) =>
      [
        element("rect", { y: 1, width: 14, height: 10, rx: 2, class: `${state} framed` }),
        words,
      ] as const
    ),
  ).replace('class="key"', 'class="key states"');
}
