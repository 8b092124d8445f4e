import assert from "node:assert/strict";
import { startApp } from "../support/app.ts";

Deno.test("build id: files that browsers may keep for ever have an id that follows the sources", async () => {
  await using app = await startApp();
  const html = await (await app.fetch("/")).text();
  const id = /\/favicon\.svg\?__frsh_c=([^"&]*)/.exec(html)?.[1] ?? "";
  assert.match(id, /^[0-9a-zA-Z-]{8,}$/);
  const kept = await app.fetch(`/favicon.svg?__frsh_c=${id}`);
  assert.match(kept.headers.get("cache-control") ?? "", /immutable/);
  await kept.body?.cancel();
  const other = await app.fetch("/favicon.svg?__frsh_c=another");
  assert.doesNotMatch(other.headers.get("cache-control") ?? "", /immutable/);
  await other.body?.cancel();
});
