/**
 * Changes that a pipeline makes to the settings of its runs. It is a member of the pipeline, as
 * only the pipeline knows that its source yields something other than what its options describe.
 */
export const ownSettings: unique symbol = Symbol.for("millrace.ownSettings") as typeof ownSettings;

/** A pipeline that may change the settings of its runs. */
export interface Adapting {
  /** Its changes. */
  readonly [ownSettings]?: OwnSettings | undefined;
}

/** Changes that a pipeline makes to the settings of its runs. */
export interface OwnSettings {
  /** Options that have no effect in its runs. */
  readonly ignored: readonly string[];
  /** Completes the sentence "must be …" of such an option. */
  readonly expected: string;
  /** Returns the settings of a run, without those that have no effect. */
  adapt<S extends object>(settings: S): S;
}

/** Returns the settings of a run, with the changes that the pipeline makes to them. */
export function settingsFor<S extends object>(pipeline: object, settings: S): S {
  return (pipeline as Adapting)[ownSettings]?.adapt(settings) ?? settings;
}
