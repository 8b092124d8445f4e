/**
 * `GET /api/documents` lists documents, newest first, or those of `?projectId`. `POST` begins one: with
 * `{name, size}` its bytes follow by `PATCH …/upload`, with `{url}` it is got from there.
 */
import { newDocumentSchema } from "@/lib/documents/document_input.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services: { documents }, space } = ctx.state;
    const { signal } = ctx.req;
    const page = readPageQuery(ctx.url);
    const project = ctx.url.searchParams.get("projectId");
    return ctx.json(
      project === null ? await documents.list(space, page, signal) : {
        items: await documents.listOfProject(
          space,
          project,
          undefined,
          signal,
        ),
        nextCursor: null,
      },
    );
  },
  async POST(ctx) {
    const { services: { documents }, space } = ctx.state;
    const wanted = await readJson(ctx.req, newDocumentSchema);
    if ("url" in wanted) {
      const document = await documents.getFrom(space, wanted);
      const location = `/api/documents/${document.id}`;
      return ctx.json(document, { status: 202, headers: { location } });
    }
    const document = await documents.begin(space, wanted);
    return ctx.json(document, {
      status: 201,
      headers: {
        location: `/api/documents/${document.id}`,
        "upload-offset": "0",
        "upload-length": String(wanted.size),
      },
    });
  },
}));
