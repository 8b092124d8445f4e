/** What goes on while people are away: left in the chat, told on a page and by the browser itself. */
import assert from "node:assert/strict";
import type { BrowserContextOptions, Page } from "playwright-core";
import type { Task } from "@/lib/shared/wire.ts";
import { ask, newThread, startChat } from "../support/chat_client.ts";
import { button, composer, threadIdOf } from "../support/chat_page.ts";
import {
  assertAccessible,
  assertNoSidewaysScroll,
  PHONE,
  startBrowser,
} from "../support/browser.ts";
import { waitFor } from "../support/wait.ts";

const IN_THE_DARK: BrowserContextOptions = {
  viewport: PHONE,
  colorScheme: "dark",
  hasTouch: true,
  isMobile: true,
};

/** Puts down what the browser would show, in place of showing it; allowed by whoever asks. */
const RECORD_NOTIFICATIONS = `
  globalThis.shownNotifications = [];
  globalThis.Notification = class {
    static permission = "granted";
    static requestPermission() { return Promise.resolve("granted"); }
    constructor(title, { tag }) { shownNotifications.push({ title, tag, note: this }); }
    close() {}
  };
`;

const shownOn = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    // deno-lint-ignore no-explicit-any -- the script above defines it in the page
    (globalThis as any).shownNotifications.map(({ title }: any) => title)
  );

const unreadOn = (page: Page) => page.locator("[data-unread] > span").first();

Deno.test("away: an answer is left to itself, and a notification leads to it from another page", async () => {
  await using rig = await startChat({ behaviour: { held: true } });
  const { app, upstream } = rig;
  await using browser = await startBrowser();
  const { page, errors } = await browser.open(app.url, IN_THE_DARK);
  await composer(page).fill("How deep is the river");
  await button(page, "Send").click();
  await button(page, "Continue in background").focus();
  await page.keyboard.press("Enter");
  const note = page.locator(".away-note");
  await note.getByText("You may leave this page").waitFor();
  await waitFor(
    "the keys to stay there",
    () => note.evaluate((element) => element === document.activeElement),
  );
  await assertAccessible(page, "an answer in the background");
  await assertNoSidewaysScroll(page, "an answer in the background");
  const thread = threadIdOf(page);
  await page.goto(`${app.url}/notifications`);
  await page.getByRole("heading", { name: "Nothing yet" }).waitFor();
  await upstream.waitForChat(0);
  upstream.release();
  await page.getByRole("button", { name: "Show 1 new" }).click();
  const link = page.getByRole("link", { name: /^Answer finished: / });
  await link.waitFor();
  assert.equal(await unreadOn(page).textContent(), "1");
  await assertAccessible(page, "notifications");
  await assertNoSidewaysScroll(page, "notifications");
  await link.click();
  await page.waitForURL(`**/c/${thread}`);
  await waitFor("the count to be gone", () => unreadOn(page).isHidden());
  assert.deepEqual(errors, []);
});

Deno.test("away: of two tabs one shows a notification, and none of a thread that is on view", async () => {
  await using rig = await startChat({ behaviour: { held: true } });
  const { app, upstream } = rig;
  await using browser = await startBrowser();
  const watched = await newThread(app, { title: "On view" });
  const other = await newThread(app, { title: "Elsewhere" });
  const { page: first } = await browser.open(app.url);
  const context = first.context();
  await context.addInitScript(RECORD_NOTIFICATIONS);
  let listening = 0;
  first.on("websocket", (socket) => {
    socket.once("framereceived", () => listening += 1);
  });
  await first.goto(`${app.url}/notifications`);
  // One for what the page shows, and one for what is to be shown beside it.
  await waitFor("both connections of the first tab", () => listening === 2);
  const second = await context.newPage();
  await second.goto(`${app.url}/c/${watched.id}`);
  const begin = async (id: string) => {
    const { run } = await ask(app, id, {
      message: { content: "How deep" },
      model: "fake-1",
    });
    const response = await app.post(`/api/runs/${run.id}/background`, {});
    assert.equal(response.status, 202, await response.text());
  };
  await begin(watched.id);
  await begin(other.id);
  await upstream.waitForChat(1);
  upstream.release();
  const shown = await waitFor("the notification", async () => {
    const all = [...await shownOn(first), ...await shownOn(second)];
    return all.length > 0 && all;
  });
  assert.deepEqual(shown, ["Answer finished: Elsewhere"]);
});

Deno.test("away: without scripts notifications are read, and choices saved", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const job = await app.post("/api/jobs", {
    kind: "answer.background",
    input: {
      threadId: (await newThread(app, { title: "River" })).id,
      content: "How deep",
      model: "fake-1",
    },
  });
  assert.equal(job.status, 202, await job.text());
  await waitFor("the notification", async () => {
    const response = await app.fetch("/api/notifications?read=false");
    return (await response.json()).items.length === 1;
  });
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/notifications?read=false`, {
    javaScriptEnabled: false,
  });
  await page.getByRole("link", { name: "Answer finished: River" }).waitFor();
  await page.getByRole("button", { name: /^Mark as read: / }).click();
  await page.getByRole("heading", { name: "None of these" }).waitFor();
  await page.goto(`${app.url}/settings#notifications`);
  const choice = page.getByRole("checkbox", {
    name: "A scheduled prompt has its answer: Browser",
  });
  assert.equal(await choice.isChecked(), true);
  await choice.uncheck();
  await page.locator("#notifications").getByRole("button", { name: "Save" })
    .click();
  await page.locator("#notifications").getByText("Saved").waitFor();
  assert.equal(await choice.isChecked(), false);
});

Deno.test("away: a model does a task while its list looks on, and without scripts", async () => {
  await using rig = await startChat({ behaviour: { held: true } });
  const { app, upstream } = rig;
  for (const title of ["Check the gauge", "Write it down"]) {
    const made = await app.post("/api/tasks", { title });
    assert.equal(made.status, 201, await made.text());
  }
  await using browser = await startBrowser();
  const { page: plain } = await browser.open(`${app.url}/tasks`, {
    javaScriptEnabled: false,
  });
  await button(plain, "Let the model do it: Write it down").click();
  await plain.getByText("Show the job").waitFor();
  const { page } = await browser.open(`${app.url}/tasks`);
  await button(page, "Let the model do it: Check the gauge").click();
  const row = page.locator(".task", { hasText: "Check the gauge" });
  await row.getByText("A model is at it").waitFor();
  await assertAccessible(page, "tasks that a model does");
  await upstream.waitForChat(1);
  upstream.release();
  await row.getByText("Done", { exact: true }).waitFor();
  await row.getByRole("link", { name: "Thread: Check the gauge" }).waitFor();
  const response = await app.fetch("/api/tasks");
  const { items }: { items: Task[] } = await response.json();
  await waitFor("both tasks to be done", async () => {
    const now = await (await app.fetch("/api/tasks?status=done")).json();
    return now.items.length === items.length;
  });
});
