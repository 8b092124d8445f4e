/** `fetch` over a provider's own sockets, for the calls of the `openai` package that do not stream. */
import type { HttpTransport } from "@/lib/llm/openai/transport.ts";

const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** Response headers that the package or our errors read. */
const KEPT_HEADERS = [
  "content-type",
  "retry-after",
  "retry-after-ms",
  "x-request-id",
];

/**
 * Makes the `fetch` to give to the package. Unlike the built-in one it trusts the same certificates as
 * the token streams, follows no redirect, and reads at most 16 MiB. The body must be text.
 */
export function pooledFetch(transport: HttpTransport): typeof fetch {
  return (input, init = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const { signal } = init;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let length = 0;
    let status = 0;
    const headers = new Headers();
    const exchange = transport.send({
      method: init.method ?? "GET",
      url: String(input instanceof Request ? input.url : input),
      headers: Object.fromEntries(new Headers(init.headers).entries()),
      body: typeof init.body === "string" ? init.body : "",
    }, {
      onSocket: () => {},
      onConnect: () => {},
      onResponse: (head) => {
        status = head.status;
        for (const name of KEPT_HEADERS) {
          const value = head.header(name);
          if (value !== null) headers.set(name, value);
        }
      },
      onData: (bytes) => {
        parts.push(new Uint8Array(bytes));
        length += bytes.length;
        if (length > MAX_BODY_BYTES) {
          end(() => reject(new Error("Body is longer than 16 MiB")));
          exchange.destroy();
        }
      },
      onEnd: () =>
        end(() => {
          const empty = status === 204 || status === 304;
          const body = empty ? null : new Blob(parts);
          resolve(new Response(body, { status, headers }));
        }),
      onError: (error) => end(() => reject(error)),
    });
    const onAbort = () => {
      reject(signal!.reason);
      exchange.destroy();
    };
    const end = (settle: () => void) => {
      signal?.removeEventListener("abort", onAbort);
      settle();
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    return promise;
  };
}
