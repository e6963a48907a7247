declare module "pg-copy-streams" {
  /** Makes what a client of pg takes as a query for the text of a COPY. */
  export function from(statement: string): object;
}
