import { testParquetSink } from "../adapters/parquet/parquet-sink.cases.ts";

testParquetSink();
