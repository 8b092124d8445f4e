/** A proxy between a client and the app that does to streams what badly set ones do. */

export interface ProxyFaults {
  /** Collects a whole response before it passes any of it on. */
  collects?: boolean;
  /** Compresses responses. */
  compresses?: boolean;
  /** Ends a response that was silent for so long, in milliseconds. */
  silenceMs?: number;
  /** Does not know of WebSockets. */
  refusesSockets?: boolean;
  /** Collects what comes over a socket for so long, in milliseconds. */
  holdsMs?: number;
  /** Headers that it adds to answers. */
  headers?: Record<string, string>;
  /** Headers that it adds to requests. */
  adds?: Record<string, string>;
}

export interface FaultyProxy extends AsyncDisposable {
  url: string;
}

/** `origin` is that of the proxy, which a server of this machine does not know. */
const NOT_PASSED = [
  "connection",
  "upgrade",
  "host",
  "origin",
  "accept-encoding",
];

/** Begins a proxy before an address. */
export function startProxy(target: string, faults: ProxyFaults): FaultyProxy {
  const stopped = new AbortController();
  const server = Deno.serve(
    {
      port: 0,
      hostname: "127.0.0.1",
      onListen: () => {},
      signal: stopped.signal,
    },
    (request) => pass(request, target, faults),
  );
  const { port } = server.addr;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await server.finished;
    },
  };
}

async function pass(
  request: Request,
  target: string,
  faults: ProxyFaults,
): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const address = `${target}${pathname}${search}`;
  const isSocket = request.headers.get("upgrade") === "websocket";
  if (isSocket && !faults.refusesSockets) {
    return relay(request, address, faults.holdsMs ?? 0);
  }
  const headers = new Headers(request.headers);
  for (const name of NOT_PASSED) headers.delete(name);
  for (const [name, value] of Object.entries(faults.adds ?? {})) {
    headers.set(name, value);
  }
  const answer = await fetch(address, {
    method: request.method,
    headers,
    body: request.body,
    redirect: "manual",
    signal: request.signal,
  });
  const passed = new Headers(answer.headers);
  for (const [name, value] of Object.entries(faults.headers ?? {})) {
    passed.set(name, value);
  }
  let body: ReadableStream<Uint8Array> | null = answer.body;
  if (body !== null && faults.collects) {
    body = new Blob([await new Response(body).arrayBuffer()]).stream();
  }
  if (body !== null && faults.silenceMs !== undefined) {
    body = body.pipeThrough(cutInSilence(faults.silenceMs));
  }
  if (body !== null && faults.compresses) {
    passed.set("content-encoding", "gzip");
    passed.delete("content-length");
    body = body.pipeThrough(
      new CompressionStream("gzip") as TransformStream<Uint8Array, Uint8Array>,
    );
  }
  return new Response(body, { status: answer.status, headers: passed });
}

function cutInSilence(ms: number): TransformStream<Uint8Array, Uint8Array> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = (
    controller: TransformStreamDefaultController<Uint8Array>,
  ) => {
    clearTimeout(timer);
    timer = setTimeout(() => controller.terminate(), ms);
  };
  return new TransformStream({
    start: wait,
    transform(chunk, controller) {
      controller.enqueue(chunk);
      wait(controller);
    },
    flush: () => clearTimeout(timer),
  });
}

function relay(request: Request, address: string, holdsMs: number): Response {
  const { socket, response } = Deno.upgradeWebSocket(request);
  const upstream = new WebSocket(address.replace(/^http/, "ws"));
  const waiting: string[] = [];
  let held: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    held = undefined;
    if (socket.readyState !== WebSocket.OPEN) return;
    for (const text of waiting.splice(0)) socket.send(text);
  };
  const isOpen = new Promise<void>((resolve) =>
    upstream.onopen = () => resolve()
  );
  socket.onmessage = async ({ data }) => {
    await isOpen;
    upstream.send(data);
  };
  upstream.onmessage = ({ data }) => {
    waiting.push(data);
    held ??= setTimeout(flush, holdsMs);
  };
  const end = () => {
    clearTimeout(held);
    for (const each of [socket, upstream]) {
      if (each.readyState <= WebSocket.OPEN) each.close();
    }
  };
  for (const each of [socket, upstream]) {
    each.onclose = end;
    each.onerror = end;
  }
  return response;
}
