/** A thread and all one's data as files, in a real browser: asked for, waited for, downloaded. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { assertAccessible, startBrowser } from "../support/browser.ts";
import { startChat } from "../support/chat_client.ts";
import { askToEnd, button } from "../support/chat_page.ts";
import { readZip } from "../support/read_zip.ts";

/** What the link of a job's page gives. */
async function download(page: Page): Promise<Uint8Array<ArrayBuffer>> {
  const link = page.getByRole("link", { name: /^Download / });
  await link.waitFor();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    link.click(),
  ]);
  return await Deno.readFile((await file.path())!);
}

Deno.test("exports: a thread's menu leads to its file, and settings to the archive", async () => {
  await using rig = await startChat({ behaviour: { text: "2.4 m" } });
  await using browser = await startBrowser();
  const { page, errors } = await browser.open(rig.app.url);
  await askToEnd(page, "How high?");
  await button(page, "Thread menu").click();
  await page.getByRole("menuitem", { name: "Export as Markdown" }).click();
  await button(page, "Go to the file").click();
  await page.waitForURL(/\/jobs\/job_/);
  const text = new TextDecoder().decode(await download(page));
  assert.match(text, /^# How high\?\n[\s\S]*2\.4 m/);

  await page.goto(`${rig.app.url}/settings#data`);
  await assertAccessible(page, "settings");
  await button(page, "Export in the background").click();
  await page.waitForURL(/\/jobs\/job_/);
  const files = await readZip(await download(page));
  assert.ok(files.get("messages.jsonl")!.includes("How high?"));
  assert.deepEqual(errors, []);
});
