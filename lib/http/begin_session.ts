import type { Context } from "fresh";
import type { Client, NewSession } from "@/lib/auth/sessions.ts";
import type { State } from "@/utils.ts";
import { readSessionToken, sessionCookie } from "./session_cookie.ts";

/** Whether the browser has reached this server by plain http. */
export function isPlain({ client, services }: State): boolean {
  return client.protocol !== "https" &&
    !(services.config.publicUrl?.startsWith("https:") ?? false);
}

/** Where a request comes from, as sessions remember it. */
export function clientOf({ req, state }: Context<State>): Client {
  return {
    address: state.client.address,
    userAgent: req.headers.get("user-agent"),
  };
}

/** Begins a session in the browser and leads on. One that the browser had before ends. */
export async function beginSession(
  ctx: Context<State>,
  { token, endsAt }: NewSession,
  path: string,
): Promise<Response> {
  const isSecure = !isPlain(ctx.state);
  const before = readSessionToken(ctx.req.headers, isSecure);
  if (before !== null) {
    const { sessions } = ctx.state.services;
    await sessions.signOut(before, ctx.state.client.address);
  }
  const response = ctx.redirect(path, 303);
  response.headers.append(
    "set-cookie",
    sessionCookie(token, { isSecure, endsAt }),
  );
  return response;
}
