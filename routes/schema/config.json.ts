/** `GET /schema/config.json`: the JSON Schema of the `FRESHET_CONFIG` file, for editors. */
import { configJsonSchema } from "@/lib/config/file.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  GET: (ctx) =>
    ctx.json(configJsonSchema(), {
      headers: { "content-type": "application/schema+json" },
    }),
}));
