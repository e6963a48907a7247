/** A module that is no thread. */
export default (item: unknown): unknown => item;
