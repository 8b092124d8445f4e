/** Tasks made from messages, in a real browser. */
import assert from "node:assert/strict";
import type { Page as ListPage, Task } from "@/lib/shared/wire.ts";
import type { TestApp } from "../support/app.ts";
import { assertAccessible, startBrowser } from "../support/browser.ts";
import { startChat } from "../support/chat_client.ts";
import { askToEnd, button, threadIdOf } from "../support/chat_page.ts";

async function listTasks(app: TestApp): Promise<Task[]> {
  const list: ListPage<Task> = await (await app.fetch("/api/tasks")).json();
  return list.items;
}

Deno.test("make a task: an answer becomes a task of its thread, by keys alone", async () => {
  await using rig = await startChat({});
  rig.upstream.next({ text: "Read the gauge at noon.\n\nThen call." });
  await using browser = await startBrowser();
  const { page, errors } = await browser.open(rig.app.url);
  await askToEnd(page, "What now?");
  await button(page, "Make a task").last().focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Make a task" });
  await dialog.waitFor();
  const title = dialog.getByRole("textbox", { name: "Title" });
  assert.equal(await title.inputValue(), "Read the gauge at noon.");
  await assertAccessible(page, "the dialog that makes a task");
  await dialog.getByRole("textbox", { name: "Tags" }).fill("field, station");
  await page.keyboard.press("Enter");
  await dialog.getByText("“Read the gauge at noon.” is on the list.").waitFor();
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  assert.equal(
    await page.evaluate(() => document.activeElement?.ariaLabel),
    "Make a task",
    "focus is back where it was",
  );
  const [task] = await listTasks(rig.app);
  assert.deepEqual(
    [task.title, task.tags, task.threadId],
    ["Read the gauge at noon.", ["field", "station"], threadIdOf(page)],
  );
  assert.deepEqual(errors, []);
});

Deno.test("make a task: a question can become one too, and Cancel makes none", async () => {
  await using rig = await startChat({});
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  await askToEnd(page, "Order new sensors");
  const dialog = page.getByRole("dialog", { name: "Make a task" });
  await button(page, "Make a task").first().click();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "detached" });
  assert.deepEqual(await listTasks(rig.app), []);
  await button(page, "Make a task").first().click();
  await dialog.getByRole("button", { name: "Make task" }).click();
  await dialog.getByText("is on the list").waitFor();
  assert.equal((await listTasks(rig.app))[0].title, "Order new sensors");
});

Deno.test("make a task: a refused title is said in the dialog, and can be mended there", async () => {
  await using rig = await startChat({});
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  await askToEnd(page, "What now?");
  await button(page, "Make a task").last().click();
  const dialog = page.getByRole("dialog", { name: "Make a task" });
  const title = dialog.getByRole("textbox", { name: "Title" });
  await title.fill("x".repeat(201));
  await dialog.getByRole("button", { name: "Make task" }).click();
  await dialog.getByRole("alert").waitFor();
  await title.fill("Short");
  await dialog.getByRole("button", { name: "Make task" }).click();
  await dialog.getByText("“Short” is on the list.").waitFor();
});
