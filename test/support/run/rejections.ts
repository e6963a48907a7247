type Host = Partial<Pick<typeof globalThis, "addEventListener" | "removeEventListener">> & {
  process?: Record<"on" | "off", (type: string, listener: (reason: unknown) => void) => void>;
};

/** Collects the rejections that nobody handles, as the host reports them, until `stop`. */
export function unhandledRejections(): { readonly reasons: unknown[]; stop(): void } {
  const reasons: unknown[] = [];
  const host = globalThis as Host;
  const onEvent = (event: Event) => void reasons.push((event as PromiseRejectionEvent).reason);
  const onReason = (reason: unknown) => void reasons.push(reason);
  host.addEventListener?.("unhandledrejection", onEvent);
  host.process?.on("unhandledRejection", onReason);
  const stop = () => {
    host.removeEventListener?.("unhandledrejection", onEvent);
    host.process?.off("unhandledRejection", onReason);
  };
  return { reasons, stop };
}
