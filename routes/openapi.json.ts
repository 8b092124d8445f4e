/** `GET /openapi.json`: what the APIs take and answer, as OpenAPI 3.1. */
import { methods } from "@/lib/http/methods.ts";
import { openApiDocument } from "@/lib/http/openapi/document.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  GET: (ctx) =>
    ctx.json(
      openApiDocument({
        origin: ctx.state.services.config.publicUrl ?? "",
      }),
    ),
}));
