/** `POST /v1/files`: an upload of up to 128 MB; `GET` lists what there is. */
import { MAX_UPLOAD_BYTES } from "@/lib/files/files.ts";
import {
  fileListSchema,
  listingOf,
  readFileFields,
} from "@/lib/gateway/files/file_input.ts";
import { toFileObject } from "@/lib/gateway/files/file_object.ts";
import { objectPage } from "@/lib/gateway/object_page.ts";
import { readQuery } from "@/lib/gateway/responses/query.ts";
import { accessSignal } from "@/lib/http/access_signal.ts";
import { receiveFile, refuseEmpty } from "@/lib/http/file_upload.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { files } = ctx.state.services;
    const query = readQuery(ctx.url, fileListSchema);
    const { isBackward, ...listing } = listingOf(query);
    const found = await files.list(ctx.state.space, listing, ctx.req.signal);
    return ctx.json(
      objectPage(found.map(toFileObject), query.limit, isBackward),
    );
  },
  async POST(ctx) {
    const { files, store } = ctx.state.services;
    const { content, fields, name, mediaType } = await receiveFile(ctx.req, {
      files,
      maxBytes: MAX_UPLOAD_BYTES,
      signal: accessSignal(ctx),
    });
    try {
      refuseEmpty(content);
      const wanted = readFileFields(fields, store.clock.now());
      const file = await files.keep(
        ctx.state.space,
        { name, mediaType, user: ctx.state.caller.user, ...wanted },
        content,
      );
      return ctx.json(toFileObject(file));
    } catch (error) {
      await files.drop(content);
      throw error;
    }
  },
}));
