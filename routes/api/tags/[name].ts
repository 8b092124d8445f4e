/** `/api/tags/:name`: one tag, read, or deleted from the list and from every task at once. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

/** The name out of the path itself: the router leaves `%2F`, `%23` and the like encoded. */
function nameIn(url: URL): string {
  const encoded = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(encoded);
  } catch {
    // Not valid UTF-8, and so no tag's name.
    return "";
  }
}

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services, space } = ctx.state;
    return ctx.json(await services.tags.require(space, nameIn(ctx.url)));
  },
  async DELETE(ctx) {
    const { services, space } = ctx.state;
    await services.tags.delete(space, nameIn(ctx.url));
    return new Response(null, { status: 204 });
  },
}));
