/** Nothing that could be run. */
export const answer = 42;
