// @ts-expect-error: the types of a Worker are those of no other test.
import { DurableObject } from "cloudflare:workers";

/** An object of which tests use the storage. */
export class TestObject extends DurableObject {}

export default {};
