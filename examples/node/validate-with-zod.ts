// Checks each item against a zod schema. Valid items are loaded, with the type of the schema. Invalid
// items become dead letters that say what is wrong, and where.
//
// Run: node examples/node/validate-with-zod.ts
// Last line: 3 users loaded, 2 refused.
import { etl, InvalidItemError, parse } from "millrace";
import { z } from "zod";

const User = z.object({
  id: z.int().positive(),
  name: z.string().trim().min(1),
  email: z.email().toLowerCase(),
  joined: z.iso.date().transform((text) => new Date(text)),
});
// Later changes run after the check, with its types.
const parseUser = parse(User);

const report = await etl({
  name: "users",
  extract: () => [
    { id: 1, name: " Ada ", email: "Ada@example.org", joined: "2026-11-02" },
    { id: 2, name: "Grace", email: "grace@example.org", joined: "2026-11-03" },
    { id: "3", name: "", email: "edsger@example.org", joined: "2026-11-04" },
    { id: 4, name: "Barbara", email: "barbara", joined: "2026-11-31" },
    { id: 5, name: "Radia", email: "radia@example.org", joined: "2026-11-05" },
  ],
  transform: async (item) => {
    const { id, name, email, joined } = await parseUser(item);
    return { id, contact: `${name} <${email}>`, year: joined.getFullYear() };
  },
  load: (rows) => rows.forEach((row) => console.log(row)), // In practice, a sink.
}).run({
  deadLetters: new WritableStream({
    write: ({ item, error }) => {
      if (!(error instanceof InvalidItemError)) return console.log(item, error);
      for (const { path, message } of error.issues) console.log(item, `${path}: ${message}`);
    },
  }),
});
console.log(`${report.loaded} users loaded, ${report.deadLettered} refused.`);
