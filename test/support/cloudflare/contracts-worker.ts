import { testLeasedSource } from "../../../src/adapters/testing.ts";
import { leased } from "../../../src/index.ts";
import { testCloudflareContracts } from "../../adapters/cloudflare/sink.cases.ts";
import { describe, type Env, it } from "./bare-tests.ts";
import { databaseKinds } from "./databases.ts";

export { TestObject } from "./bare-tests.ts";

for (const kind of databaseKinds) describe(kind.name, () => testCloudflareContracts(kind));

describe("leased()", () => {
  testLeasedSource(it, {
    lease: 10,
    create: (bodies) => {
      const waiting = [...bodies];
      const out = new Set<string>();
      const end = (items: readonly string[]) => items.forEach((item) => out.delete(item));
      async function* take() {
        for (let body = waiting.shift(); body !== undefined; body = waiting.shift()) {
          out.add(body);
          yield body;
        }
      }
      const release = (items: readonly string[]) => {
        end(items);
        waiting.push(...items);
      };
      return {
        source: () => leased(take(), { acknowledge: end, release }),
        bodyOf: (body: string) => body,
        unfinished: () => waiting.length + out.size,
      };
    },
  });
});

export default {
  fetch: (request: Request, { OBJECT }: Env) => OBJECT.get(OBJECT.newUniqueId()).fetch(request),
};
