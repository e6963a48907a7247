import { testDiagnostics, testWithSdk } from "../support/otel/cases.ts";

testWithSdk();
testDiagnostics();
