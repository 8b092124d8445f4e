/** WebSocket upgrades for `ctx.upgrade()` and `app.ws()`. */
import { HttpError } from "./http_error.ts";

/** Called as the socket lives; the first argument is always the socket. */
export interface WebSocketHandlers {
  open?(socket: WebSocket): void;
  message?(socket: WebSocket, event: MessageEvent): void;
  close?(socket: WebSocket, code: number, reason: string): void;
  error?(socket: WebSocket, event: Event | ErrorEvent): void;
}

/** Options of the handshake: `idleTimeout` in seconds, `protocol` to agree on. */
export type WebSocketUpgradeOptions = Deno.UpgradeWebSocketOptions;

export interface WebSocketUpgrade {
  socket: WebSocket;
  response: Response;
}

/** Answers a WebSocket handshake; HttpError 400 when the request is none. */
export function upgradeWebSocket(
  req: Request,
  handlers: WebSocketHandlers | undefined,
  options: WebSocketUpgradeOptions | undefined,
): WebSocketUpgrade | Response {
  if (req.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    throw new HttpError(400, "Expected a WebSocket upgrade request");
  }
  const { socket, response } = Deno.upgradeWebSocket(req, options);
  if (handlers === undefined) return { socket, response };
  const { open, message, close, error } = handlers;
  if (open) socket.addEventListener("open", () => open(socket));
  if (message) {
    socket.addEventListener("message", (event) => message(socket, event));
  }
  if (close) {
    socket.addEventListener(
      "close",
      (event) => close(socket, event.code, event.reason),
    );
  }
  if (error) socket.addEventListener("error", (event) => error(socket, event));
  return response;
}
