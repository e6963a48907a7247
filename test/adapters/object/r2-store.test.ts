import { describe } from "vitest";
import { storeOf } from "../../../src/adapters/object/store-of.ts";
import { fakeR2 } from "../../support/object/fake-r2.ts";
import { testObjectStore } from "../../support/object/store-cases.ts";

describe("a bucket of R2", () => {
  testObjectStore(() => ({ store: storeOf("test", fakeR2()) }));
});
