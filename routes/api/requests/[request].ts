/**
 * `GET /api/requests/:id`: one request that asked a model; its id is what `x-request-id` said. Where it
 * holds what another asked and was answered, that it was read is recorded in the audit log first.
 */
import { AppError } from "@/lib/errors.ts";
import { methods } from "@/lib/http/methods.ts";
import { noteRead } from "@/lib/http/request_view.ts";
import type { RecordedRequestDetails } from "@/lib/shared/wire.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services: { requestLog } } = ctx.state;
    const { workspace } = caller;
    const { signal } = ctx.req;
    const id = ctx.params.request;
    const record = await requestLog.get(workspace, id, signal);
    if (record === null) {
      throw new AppError({
        status: 404,
        code: "not_found",
        message:
          "There is no record of this request. Only requests that ask a model have one, a moment after they have ended.",
      });
    }
    if (record.bodies !== null) await noteRead(ctx.state, record, signal);
    const answer: RecordedRequestDetails = record;
    return ctx.json(answer, { headers: { "cache-control": "no-store" } });
  },
}));
