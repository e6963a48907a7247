import { testOpenFiles } from "../adapters/file/open-files.cases.ts";
import { testFileSink } from "../adapters/file/sink.cases.ts";

testFileSink();
testOpenFiles();
