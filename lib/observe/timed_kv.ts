/** Times the calls to the store, from outside. */
import type { Distribution, Labelled, Metrics } from "./metrics.ts";

const STORE_SECONDS = [
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  1,
  5,
];

/** Told of a call to the store that is over: what it was, and how long it took in milliseconds. */
export type OnStoreCall = (operation: string, tookMs: number) => void;

/** The same store, whose calls show in `kv_operation_duration_seconds`. A call that fails counts as any other. */
export function timedKv(
  kv: Deno.Kv,
  metrics: Metrics,
  onCall: OnStoreCall = () => {},
): Deno.Kv {
  const seconds: Labelled<Distribution> = metrics.histogram(
    "kv_operation_duration_seconds",
    "Time that the store took to answer",
    STORE_SECONDS,
    ["operation"],
  );
  const timed = (operation: string) => {
    const distribution = seconds.of(operation);
    return <T>(call: Promise<T>): Promise<T> => {
      const startedAtMs = performance.now();
      const done = () => {
        const tookMs = performance.now() - startedAtMs;
        distribution.observe(tookMs / 1_000);
        onCall(operation, tookMs);
      };
      call.then(done, done);
      return call;
    };
  };
  const get = timed("get");
  const getMany = timed("getMany");
  const list = timed("list");
  const commit = timed("commit");
  const own: Partial<Record<PropertyKey, unknown>> = {
    get: (...args: Parameters<Deno.Kv["get"]>) => get(kv.get(...args)),
    getMany: (...args: Parameters<Deno.Kv["getMany"]>) =>
      getMany(kv.getMany(...args)),
    list: (...args: Parameters<Deno.Kv["list"]>) => {
      const rows = kv.list(...args);
      const next = rows.next.bind(rows);
      // The first row comes with its batch; those of the same batch come at once.
      let isFirst = true;
      rows.next = () => {
        if (!isFirst) return next();
        isFirst = false;
        return list(next());
      };
      return rows;
    },
    atomic: () => {
      const operation = kv.atomic();
      const send = operation.commit.bind(operation);
      operation.commit = () => commit(send());
      return operation;
    },
  };
  return new Proxy(kv, {
    get(target, name) {
      const found = own[name];
      if (found !== undefined) return found;
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
