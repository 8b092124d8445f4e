/** How the server does, as server-sent events: the same as `GET /api/health`, without what stays. */
import type { Context } from "fresh";
import { sleep } from "@/lib/clock.ts";
import { AppError } from "@/lib/errors.ts";
import { ROLE_CHECK_MS } from "@/lib/events/live_socket.ts";
import { accessSignal } from "@/lib/http/access_signal.ts";
import { askedProcess } from "@/lib/http/health_view.ts";
import type { HealthNow } from "@/lib/shared/wire.ts";
import {
  DRAIN_RETRY_MS,
  LIFETIME_MS,
  onHangUp,
  refusalEvent,
  RETRY_MS,
  sayLast,
  SSE_HEADERS,
} from "@/lib/streams/sse.ts";
import type { State } from "@/utils.ts";

/** How often it is told, in milliseconds. */
export const TELL_EVERY_MS = 5_000;

const encoder = new TextEncoder();

/**
 * Streams until the client has gone, may see it no longer, or the process goes down.
 * @throws {AppError} 404 `not_found` for a process of which nothing is known
 * @throws {StorageError} when the store cannot be read
 */
export async function healthStream(ctx: Context<State>): Promise<Response> {
  const { liveFeed, healthFeed } = ctx.state.services;
  const process = askedProcess(ctx.url);
  await healthFeed.now(process);
  const { clock } = liveFeed;
  const request = accessSignal(ctx);
  const gone = new AbortController();
  let out: ReadableStreamDefaultController<Uint8Array> | null = null;
  let isClosed = false;
  const hangUp = onHangUp(request, () => {
    gone.abort();
    isClosed = sayLast(out, request, refusalEvent);
  });
  const isOver = AbortSignal.any([
    gone.signal,
    liveFeed.stopped,
    AbortSignal.timeout(LIFETIME_MS),
  ]);
  let told = 0;
  let checkedAtMs = clock.monotonic();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (sayLast(controller, request, refusalEvent)) {
        isClosed = true;
        return;
      }
      out = controller;
      controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`));
    },
    async pull(controller) {
      if (told > 0) await sleep(clock, TELL_EVERY_MS, isOver);
      told += 1;
      if (isClosed) return;
      if (clock.monotonic() - checkedAtMs >= ROLE_CHECK_MS) {
        checkedAtMs = clock.monotonic();
        if (!await isStillOperator(ctx)) {
          controller.enqueue(encoder.encode(refusalEvent(noOperator())));
          hangUp.finish();
          controller.close();
          return;
        }
      }
      if (isOver.aborted) {
        controller.enqueue(encoder.encode(`retry: ${DRAIN_RETRY_MS}\n\n`));
        hangUp.finish();
        controller.close();
        return;
      }
      // A store that is silent for a moment leaves a beat out; the page says how old its numbers are.
      const text = await healthFeed.now(process).then(
        formatNow,
        () => ": \n\n",
      );
      if (!isClosed) controller.enqueue(encoder.encode(text));
    },
    cancel() {
      hangUp.hangUp();
    },
  });
  return new Response(body, { headers: SSE_HEADERS });
}

function formatNow(now: HealthNow): string {
  return `event: health\ndata: ${JSON.stringify(now)}\n\n`;
}

/** Whether the caller still runs this server; whoever is alone on the machine always does. */
async function isStillOperator(
  { state: { caller, services } }: Context<State>,
): Promise<boolean> {
  if (caller.mode === "local") return true;
  const { user, workspace } = caller;
  // A store that is silent for a moment is no reason to cut anybody off.
  const standing = await services.users.caller(user, workspace).catch(() =>
    undefined
  );
  return standing === undefined || standing?.isOperator === true;
}

function noOperator(): AppError {
  return new AppError({
    status: 403,
    code: "forbidden",
    message: "This takes an admin of the server.",
  });
}
