/** Tells a request that its caller has gone, or may be here no longer. */
import type { Context } from "fresh";
import { groundsOf } from "@/lib/auth/access_grounds.ts";
import type { State } from "@/utils.ts";

/**
 * A signal for what a response waits for or streams. It aborts when the caller hangs up, and with an
 * `AppError` as its reason as soon as the caller's key, session or membership ends.
 */
export function accessSignal(ctx: Context<State>): AbortSignal {
  const { caller, services: { accessWatch } } = ctx.state;
  const { signal } = ctx.req;
  if (groundsOf(caller).length === 0) return signal;
  const ended = new AbortController();
  const release = accessWatch.hold(caller, (why) => ended.abort(why));
  ctx.info.completed.then(release, release);
  return AbortSignal.any([signal, ended.signal]);
}

/** The request with that signal in place of its own, for what takes whole requests. It has no body. */
export function withAccess(ctx: Context<State>): Request {
  const { url, method, headers } = ctx.req;
  return new Request(url, { method, headers, signal: accessSignal(ctx) });
}
