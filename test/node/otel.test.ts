import { testDiagnostics, testWithSdk } from "../adapters/otel/instrument/sdk.cases.ts";

testWithSdk();
testDiagnostics();
