import { expect, it } from "vitest";
import { etl, replay } from "../../src/index.ts";
import { observedBy, type RunEvent } from "../../src/pipeline/run-event.ts";
import { letterOf } from "../support/dead-letters/letters.ts";

it("observers of a pipeline receive the events of its runs and replays, before the run's own", async () => {
  const received: string[] = [];
  const noteAs = (who: string) => ({ type }: RunEvent) => void received.push(`${who} ${type}`);
  const pipeline = { name: "watched", extract: () => [] as number[], load: () => {} };
  const watched = etl(
    Object.assign(pipeline, { [observedBy]: [noteAs("first"), noteAs("second")] }),
  );
  await watched.run({ observer: noteAs("last") });
  const whole = ["run:start", "run:end"].flatMap((type) =>
    ["first", "second", "last"].map((who) => `${who} ${type}`)
  );
  expect(received).toEqual(whole);
  received.length = 0;
  await replay([letterOf(1)], watched).run();
  expect(received).toEqual(expect.arrayContaining(["first run:start", "second run:end"]));
});
