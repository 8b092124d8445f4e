import assert from "node:assert/strict";
import { startApp } from "../support/app.ts";

Deno.test("/admin/doctor: who runs no scripts is told that the command does the same", async () => {
  await using app = await startApp();
  const page = await (await app.fetch("/admin/doctor")).text();
  const told = page.match(/<noscript>(.*?)<\/noscript>/s)?.[1] ?? "";
  assert.match(told, /no scripts.*The command below can/s);
});
