/** `app.listen()`: serves an app with `Deno.serve`. */
import type { RequestHandler } from "./request_handler.ts";

/** Options of `Deno.serve`, all optional. */
export interface ListenOptions
  extends Partial<Deno.ServeTcpOptions & Deno.TlsCertifiedKeyPem> {
  /** Address shown in the start-up message in place of the bound one. */
  remoteAddress?: string;
}

const FIRST_PORT = 8000;
const LAST_PORT = 8019;

/** Serves until the server ends; without a port the first free one from 8000 to 8019 is taken. */
export async function listen(
  handler: RequestHandler,
  basePath: string,
  options: ListenOptions,
): Promise<void> {
  const { remoteAddress, ...given } = options;
  const serveOptions = {
    onListen: (address: Deno.NetAddr) =>
      announce(address, remoteAddress, basePath, "cert" in given),
    ...given,
  };
  if (given.port !== undefined) {
    await Deno.serve(serveOptions, handler).finished;
    return;
  }
  await serveOnFreePort(handler, serveOptions).finished;
}

function serveOnFreePort(
  handler: RequestHandler,
  options: Partial<Deno.ServeTcpOptions>,
): Deno.HttpServer {
  for (let port = FIRST_PORT; port < LAST_PORT; port++) {
    try {
      return Deno.serve({ ...options, port }, handler);
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  return Deno.serve({ ...options, port: LAST_PORT }, handler);
}

function announce(
  address: Deno.NetAddr,
  remoteAddress: string | undefined,
  basePath: string,
  isSecure: boolean,
): void {
  const protocol = isSecure ? "https" : "http";
  const isAnyAddress = address.hostname === "0.0.0.0" ||
    address.hostname === "::";
  const host = isAnyAddress ? "localhost" : address.hostname;
  console.log(
    `Ready at ${
      remoteAddress ?? `${protocol}://${host}:${address.port}`
    }${basePath}/`,
  );
}
