import { testNats } from "../support/nats/cases.ts";

testNats();
