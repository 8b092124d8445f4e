/** Answers that tell of a run that was just begun: as its stream, at once, or when it has ended. */
import type { Context } from "fresh";
import { askerFrom } from "@/lib/auth/asker.ts";
import { isEnded } from "@/lib/shared/run_status.ts";
import type { Message, Run } from "@/lib/shared/wire.ts";
import { sseResponse } from "@/lib/streams/sse.ts";
import type { State } from "@/utils.ts";
import { accessSignal } from "./access_signal.ts";
import { readIdempotencyKey } from "./idempotency_key.ts";
import { readPrefer } from "./prefer.ts";

/** How a request is known when it begins a run. */
export function startContext(request: Request, state: State) {
  return {
    asker: askerFrom(state.caller),
    logger: state.log,
    requestId: state.requestId,
    idempotencyKey: readIdempotencyKey(request),
    trace: state.trace,
  };
}

function wantsStream(request: Request): boolean {
  return request.headers.get("accept")?.includes("text/event-stream") ?? false;
}

/** How long an answer that is kept may take to be in the store as this run's, in milliseconds. */
const HIT_MS = 5_000;

/**
 * `Accept: text/event-stream` 200 and the stream; an answer that was kept already 200 at once;
 * `Prefer: respond-async` 202 at once, and a person is notified of the end; `Prefer: wait=N` 200 when the answer is there in time, else 202;
 * without any 201 at once.
 */
export async function runResponse(
  ctx: Context<State>,
  started: { run: Run; message: Message },
): Promise<Response> {
  const { req: request, state } = ctx;
  const { backgroundRuns, chat } = state.services;
  const { caller, space } = state;
  const { id } = started.run;
  const headers: Record<string, string> = { location: `/api/runs/${id}` };
  if (wantsStream(request)) {
    return sseResponse(
      (signal) => chat.follow(space, id, null, signal),
      accessSignal(ctx),
      { headers },
    );
  }
  if (started.run.cache?.startsWith("hit")) {
    const run = await chat.waitForRun(space, id, HIT_MS);
    if (isEnded(run.status)) {
      return Response.json({ ...started, run }, { headers });
    }
  }
  const { isAsync, waitMs } = readPrefer(request);
  // Who does not wait is told; a program comes back by itself.
  if (isAsync && caller.key === null) {
    await backgroundRuns.leave(space, id, caller.user);
  }
  if (isAsync || waitMs === 0) {
    headers["preference-applied"] = isAsync ? "respond-async" : "wait=0";
    return Response.json(started, { status: 202, headers });
  }
  if (waitMs === null) return Response.json(started, { status: 201, headers });
  headers["preference-applied"] = `wait=${waitMs / 1_000}`;
  const run = await chat.waitForRun(space, id, waitMs);
  const status = isEnded(run.status) ? 200 : 202;
  return Response.json({ ...started, run }, { status, headers });
}
