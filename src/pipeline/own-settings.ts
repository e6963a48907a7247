/**
 * Changes of a pipeline to the settings of its runs: a member of the pipeline, as nobody else knows
 * that its source gives something else than its options speak of.
 */
export const ownSettings: unique symbol = Symbol.for("millrace.ownSettings") as typeof ownSettings;

/** A pipeline that may change the settings of its runs. */
export interface Adapting {
  /** Its changes. */
  readonly [ownSettings]?: OwnSettings | undefined;
}

/** Changes of a pipeline to the settings of its runs. */
export interface OwnSettings {
  /** Options that do nothing in its runs. */
  readonly ignored: readonly string[];
  /** Completes the sentence "must be …" of such an option. */
  readonly expected: string;
  /** Returns the settings of a run, without those that do nothing. */
  adapt<S extends object>(settings: S): S;
}

/** The settings of a run of a pipeline: as they are, unless the pipeline changes them. */
export function settingsFor<S extends object>(pipeline: object, settings: S): S {
  return (pipeline as Adapting)[ownSettings]?.adapt(settings) ?? settings;
}
