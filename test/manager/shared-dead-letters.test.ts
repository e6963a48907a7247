import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../src/errors.ts";
import { shareDeadLetters } from "../../src/manager/shared-dead-letters.ts";
import { letterSinkOf, repeatableLetters } from "../../src/dead-letters/repeatable-letters.ts";
import type { RunSettings } from "../../src/pipeline/run-options.ts";
import { letterOf } from "../support/dead-letters/letters.ts";

type Given = RunSettings<unknown>["deadLetters"];
const entryOf = (name: string, deadLetters: Given) => ({
  name,
  settings: { deadLetters } as RunSettings<unknown>,
});
const branchOf = ({ settings }: { settings: RunSettings<unknown> }) =>
  (settings.deadLetters as () => WritableStream)();

describe("shareDeadLetters()", () => {
  it("gives each pipeline its own stream into the shared one", async () => {
    const kept: unknown[] = [];
    const shared = new WritableStream({ write: ({ item }) => void kept.push(item) });
    const { entries, release } = shareDeadLetters([entryOf("a", shared), entryOf("b", shared)]);
    const [one, other] = entries.map((entry) => branchOf(entry).getWriter());
    await Promise.all([one!.write(letterOf(1)), other!.write(letterOf(2))]);
    await one!.close(); // Which does not close the shared one.
    await other!.write(letterOf(3));
    expect(kept).toEqual([1, 2, 3]);
    expect(shared.locked).toBe(true);
    release();
    expect(shared.locked).toBe(false);
  });

  it("keeps letters repeatable whose sink may be called again", () => {
    const sink = { write: () => {} };
    const { entries } = shareDeadLetters([entryOf("a", repeatableLetters(sink))]);
    expect(letterSinkOf(branchOf(entries[0]!))).toBe(sink);
  });

  it("leaves pipelines alone that have no stream, or make their own", () => {
    const given = [entryOf("a", undefined), entryOf("b", () => new WritableStream())];
    expect(shareDeadLetters(given).entries).toEqual(given);
  });

  it("throws for a locked stream, and unlocks the others", () => {
    const [free, locked] = [new WritableStream(), new WritableStream()];
    locked.getWriter();
    expect(() => shareDeadLetters([entryOf("a", free), entryOf("b", locked)])).toThrow(
      ConfigurationError,
    );
    expect(free.locked).toBe(false);
  });
});
