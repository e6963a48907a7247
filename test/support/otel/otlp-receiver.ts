import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A value as OTLP has it in JSON. */
type OtlpValue = { stringValue?: string; intValue?: string | number; doubleValue?: number };

/** A span as OTLP has it in JSON. */
export interface OtlpSpan {
  name: string;
  spanId: string;
  parentSpanId?: string;
  status: { code?: number; message?: string };
  events: { name: string; attributes: { key: string; value: OtlpValue }[] }[];
}

/** A metric as OTLP has it in JSON. */
export interface OtlpMetric {
  name: string;
  unit: string;
  sum?: { dataPoints: { asInt?: string | number; asDouble?: number }[] };
  histogram?: { dataPoints: { count: string | number }[] };
}

interface Bodies {
  resourceSpans?: { scopeSpans: { spans: OtlpSpan[] }[] }[];
  resourceMetrics?: { scopeMetrics: { metrics: OtlpMetric[] }[] }[];
}

/** Takes what is exported by OTLP over HTTP, in JSON. */
export class OtlpReceiver {
  readonly spans: OtlpSpan[] = [];
  readonly metrics: OtlpMetric[] = [];
  readonly #server = createServer(async (request, response) => {
    let text = "";
    for await (const bytes of request.setEncoding("utf8")) text += bytes;
    const { resourceSpans = [], resourceMetrics = [] } = JSON.parse(text) as Bodies;
    for (const { scopeSpans } of resourceSpans) {
      this.spans.push(...scopeSpans.flatMap(({ spans }) => spans));
    }
    for (const { scopeMetrics } of resourceMetrics) {
      this.metrics.push(...scopeMetrics.flatMap(({ metrics }) => metrics));
    }
    response.setHeader("content-type", "application/json").end("{}");
  });

  /** Begins to listen, and gives the address. */
  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Ends it. */
  close(): Promise<void> {
    return new Promise((resolve) => void this.#server.close(() => resolve()));
  }
}
