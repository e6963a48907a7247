// Checked by the compiler alone: what `parse` infers, and what it refuses.
import { type } from "arktype";
import * as v from "valibot";
import { expectTypeOf } from "vitest";
import { z } from "zod";
import { type Etl, etl, malformed, parse } from "../../src/index.ts";

const name = "users";

// `parse` gives the output of its schema, of whatever library, sync or async.
const validated = { name, extract: (): unknown[] => [] };
etl({
  ...validated,
  transform: parse(
    z.object({ id: z.number(), at: z.string().transform((text) => new Date(text)) }),
  ),
  load: (rows) => expectTypeOf(rows).toEqualTypeOf<{ id: number; at: Date }[]>(),
});
etl({
  ...validated,
  transform: parse(v.object({ id: v.optional(v.number(), 0) })),
  load: (rows) => expectTypeOf(rows).toEqualTypeOf<{ id: number }[]>(),
});
etl({
  ...validated,
  transform: parse(type({ id: "number" })),
  load: (rows) => expectTypeOf(rows).toEqualTypeOf<{ id: number }[]>(),
});
// @ts-expect-error It is no schema.
parse({ validate: () => true });
// What could not be read stands among items of any type.
expectTypeOf(etl({ name, extract: () => [1, malformed("{", "no")], load: () => {} })).toEqualTypeOf<
  Etl<number>
>();
