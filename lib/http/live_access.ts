/** Who may listen to which live channels. */
import type { Context } from "fresh";
import { groundsOf } from "@/lib/auth/access_grounds.ts";
import { mayActAs } from "@/lib/auth/caller.ts";
import { isAtLeast } from "@/lib/auth/roles.ts";
import { AppError } from "@/lib/errors.ts";
import type { Channel } from "@/lib/events/live_channels.ts";
import { closeSocket, ROLE_CHECK_MS } from "@/lib/events/live_socket.ts";
import { accessSignal } from "@/lib/http/access_signal.ts";
import { CLOSE_CODES } from "@/lib/shared/live/live_wire.ts";
import type { State } from "@/utils.ts";

/**
 * Checks whether the caller may listen to channels.
 * @throws {AppError} 403 `forbidden`, 404 `not_found`, with the name in `channel`
 */
export async function assertMayListen(
  { state }: Context<State>,
  channels: readonly Channel[],
): Promise<void> {
  const { caller, space, services: { threads } } = state;
  for (const channel of channels) {
    if (channel.isForAdmins && !mayActAs(caller, "admin")) {
      throw forAdmins(channel.name);
    }
  }
  await Promise.all(channels.map(async (channel) => {
    const { thread } = channel;
    if (thread === null || await threads.get(space, thread) !== null) return;
    throw new AppError({
      status: 404,
      code: "not_found",
      message: "There is no such thread.",
      extra: { channel: channel.name },
    });
  }));
}

function forAdmins(channel?: string): AppError {
  return new AppError({
    status: 403,
    code: "forbidden",
    message: "This channel is for admins.",
    extra: channel === undefined ? {} : { channel },
  });
}

/** Whether the caller still has the role of an admin; one who runs this machine alone always has. */
export async function isStillAdmin(
  { state: { caller, services } }: Context<State>,
): Promise<boolean> {
  const { mode, user, workspace } = caller;
  if (mode === "local") return true;
  const standing = await services.users.caller(user, workspace);
  return standing !== null && isAtLeast(standing.role, "admin");
}

/**
 * As `accessSignal`, for a stream of channels: it also aborts, with a 403 as its reason, when the caller is
 * no admin any more and one of them is for admins.
 */
export function streamSignal(
  ctx: Context<State>,
  channels: readonly Channel[],
): AbortSignal {
  const access = accessSignal(ctx);
  if (!channels.some(({ isForAdmins }) => isForAdmins)) return access;
  const ended = new AbortController();
  const timer = setInterval(async () => {
    try {
      if (!await isStillAdmin(ctx)) ended.abort(forAdmins());
    } catch {
      // A store that is silent for a moment is no reason to cut anybody off.
    }
  }, ROLE_CHECK_MS);
  const stop = () => clearInterval(timer);
  ctx.info.completed.then(stop, stop);
  return AbortSignal.any([access, ended.signal]);
}

/**
 * A signal that aborts with an `AppError` as soon as the caller's key, session or membership ends; for
 * what outlives the request, as a socket does.
 * @param over resolves when what goes on is over
 */
export function accessOf(
  { state }: Context<State>,
  over: Promise<void>,
): AbortSignal {
  const { caller, services: { accessWatch } } = state;
  const ended = new AbortController();
  if (groundsOf(caller).length > 0) {
    const release = accessWatch.hold(caller, (why) => ended.abort(why));
    over.then(release);
  }
  return ended.signal;
}

/** Whether a request asks for a WebSocket. */
export function isUpgrade({ headers }: Request): boolean {
  return headers.get("upgrade")?.toLowerCase() === "websocket";
}

/**
 * Opens a socket only to say why it is closed: a browser tells no page how else it was refused.
 * @returns null: the request asked for no socket, or the refusal is none that has a code of its own
 */
export function refuseSocket(
  ctx: Context<State>,
  { status, message }: AppError,
): Response | null {
  if (ctx.route !== "/api/live" || !isUpgrade(ctx.req) || status !== 401) {
    return null;
  }
  const { socket, response } = ctx.upgrade();
  socket.onopen = () => closeSocket(socket, CLOSE_CODES.signIn, message);
  return response;
}
