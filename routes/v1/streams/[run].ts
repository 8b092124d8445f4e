/** `GET /v1/streams/:run`: the events of a run, by the Durable Streams protocol. */
import { withAccess } from "@/lib/http/access_signal.ts";
import { methods } from "@/lib/http/methods.ts";
import { durableResponse } from "@/lib/streams/durable/stream.ts";
import { wholeChunks } from "@/lib/streams/durable/whole_chunks.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { chat } = ctx.state.services;
    const id = ctx.params.run;
    const space = await chat.spaceOfProgramRun(ctx.state.caller, id);
    await chat.assertRun(space, id);
    return await durableResponse(withAccess(ctx), {
      id,
      follow: (after, signal) =>
        wholeChunks(chat.follow(space, id, after, signal)),
      tail: () => chat.tail(space, id),
    });
  },
}));
