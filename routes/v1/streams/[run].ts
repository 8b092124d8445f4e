/** `GET /v1/streams/:run`: the events of a run, by the Durable Streams protocol. */
import { methods } from "@/lib/http/methods.ts";
import { durableResponse } from "@/lib/streams/durable/stream.ts";
import { wholeChunks } from "@/lib/streams/durable/whole_chunks.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { chat } = ctx.state.services;
    const { workspace } = ctx.state;
    const id = ctx.params.run;
    await chat.assertRun(workspace, id);
    return await durableResponse(ctx.req, {
      id,
      follow: (after, signal) =>
        wholeChunks(chat.follow(workspace, id, after, signal)),
      tail: () => chat.tail(workspace, id),
    });
  },
}));
