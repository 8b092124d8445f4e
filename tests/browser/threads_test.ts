/** Threads in the navigation and the head, in a real browser: rename, pin, archive, delete, live rows. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import {
  askWhole,
  type ChatRig,
  getThread,
  startChat,
} from "../support/chat_client.ts";
import {
  answered,
  askOn,
  askToEnd,
  button,
  composer,
  shows,
  thread,
  threadIdOf,
} from "../support/chat_page.ts";
import { assertAccessible, startBrowser } from "../support/browser.ts";
import { waitFor } from "../support/wait.ts";

const navigation = (page: Page) =>
  page.getByRole("navigation", { name: "Navigation" });
const row = (page: Page, title: string) =>
  navigation(page).getByRole("link", { name: title });
const group = (page: Page, title: string) =>
  navigation(page).getByRole("region", { name: title });

/** Changes a thread as another program would, at its newest version. */
async function patch(
  rig: ChatRig,
  id: string,
  body: unknown,
): Promise<void> {
  const { version } = await getThread(rig.app, id);
  const response = await rig.app.fetch(`/api/threads/${id}`, {
    method: "PATCH",
    headers: {
      "content-type": "application/json",
      "if-match": `"${version}"`,
    },
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 200, await response.text());
}

async function choose(page: Page, item: string): Promise<void> {
  await button(page, "Thread menu").click();
  await page.getByRole("menuitem", { name: item }).click();
}

Deno.test("threads: renamed by double click, and by the menu of the navigation", async () => {
  await using rig = await startChat({});
  await using browser = await startBrowser();
  const { page, errors } = await browser.open(rig.app.url);
  await askToEnd(page, "How high?");
  await page.getByRole("heading", { name: "How high?" }).dblclick();
  const field = page.getByRole("textbox", { name: "Title of the thread" });
  await field.fill("Crests");
  await field.press("Enter");
  await page.getByRole("heading", { name: "Crests" }).waitFor();
  await row(page, "Crests").waitFor();
  await page.waitForFunction(() => document.title === "Crests · Freshet");
  await row(page, "Crests").hover();
  await button(page, "Menu of “Crests”").click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await field.fill("Floods");
  await field.press("Enter");
  await page.getByRole("heading", { name: "Floods" }).waitFor();
  const { title, titleSource } = await getThread(rig.app, threadIdOf(page));
  assert.deepEqual([title, titleSource], ["Floods", "user"]);
  assert.deepEqual(errors, []);
});

Deno.test("threads: a rename that meets another rename changes nothing and shows that one", async () => {
  await using rig = await startChat({});
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  await askToEnd(page, "How high?");
  await page.getByRole("heading", { name: "How high?" }).dblclick();
  const field = page.getByRole("textbox", { name: "Title of the thread" });
  await field.fill("Mine");
  await patch(rig, threadIdOf(page), { title: "Theirs" });
  await field.press("Enter");
  await page.getByRole("heading", { name: "Theirs" }).waitFor();
  await page.getByText("Changed elsewhere meanwhile").first().waitFor();
  const { title } = await getThread(rig.app, threadIdOf(page));
  assert.equal(title, "Theirs");
});

Deno.test("threads: a pinned thread stands in a group of its own, in every tab at once", async () => {
  await using rig = await startChat({});
  await askWhole(rig.app, "Older");
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  await askToEnd(page, "How high?");
  const other = (await browser.open(rig.app.url)).page;
  await button(page, "Pin thread").click();
  await group(page, "Pinned").getByRole("link", { name: "How high?" })
    .waitFor();
  await group(other, "Pinned").getByRole("link", { name: "How high?" })
    .waitFor();
  const pin = button(page, "Pin thread");
  await waitFor(
    "the button to be pressed",
    async () => await pin.getAttribute("aria-pressed") === "true",
  );
  await patch(rig, threadIdOf(page), { pinned: false });
  await waitFor(
    "the group to go",
    async () => await group(page, "Pinned").count() === 0,
  );
});

Deno.test("threads: a deleted thread comes back by Undo, and without it is gone", async () => {
  await using rig = await startChat({});
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  await askToEnd(page, "How high?");
  const address = page.url();
  await choose(page, "Delete thread");
  await page.waitForURL(`${rig.app.url}/`);
  await page.getByText("Thread deleted").first().waitFor();
  assert.equal(await row(page, "How high?").count(), 0);
  await assertAccessible(page, "a toast");
  await button(page, "Undo").click();
  await page.waitForURL(address);
  await shows(page, "How high?");
  await choose(page, "Delete thread");
  await page.waitForURL(`${rig.app.url}/`);
  const gone = await page.goto(address);
  assert.equal(gone!.status(), 404);
});

Deno.test("threads: a deletion from the navigation, by keys alone, and back", async () => {
  await using rig = await startChat({});
  await askWhole(rig.app, "Older");
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  await row(page, "Older").focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("menu").waitFor();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await button(page, "Undo").waitFor();
  assert.equal(await row(page, "Older").count(), 0);
  await page.keyboard.press("Enter");
  await row(page, "Older").waitFor();
});

Deno.test("threads: Escape closes the menu and gives the focus back", async () => {
  await using rig = await startChat({});
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  await askToEnd(page, "How high?");
  await button(page, "Thread menu").focus();
  await page.keyboard.press("Enter");
  await page.getByRole("menu").waitFor();
  await assertAccessible(page, "a menu");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Escape");
  await page.getByRole("menu").waitFor({ state: "detached" });
  await waitFor(
    "the focus to be back",
    () =>
      page.evaluate(() =>
        document.activeElement?.getAttribute("aria-label") === "Thread menu"
      ),
  );
});

Deno.test("threads: an archived thread leaves the list, is found in the archive and comes back", async () => {
  await using rig = await startChat({});
  const asked = await askWhole(rig.app, "Older");
  await using browser = await startBrowser();
  const { page } = await browser.open(`${rig.app.url}/c/${asked.thread.id}`);
  await choose(page, "Archive");
  await page.waitForURL(`${rig.app.url}/`);
  await page.getByText("Thread archived").first().waitFor();
  assert.equal(await row(page, "Older").count(), 0);
  await navigation(page).getByText("Archived").click();
  await row(page, "Older").click();
  await page.getByRole("heading", { name: "Older" }).waitFor();
  await choose(page, "Move out of the archive");
  await group(page, "Today").getByRole("link", { name: "Older" }).waitFor();
});

Deno.test("threads: an answer elsewhere runs in the list, then is unread, and read once it is opened", async () => {
  await using rig = await startChat({});
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  const other = (await browser.open(rig.app.url)).page;
  await composer(other).waitFor();
  rig.upstream.hold();
  await askOn(page, "How high?");
  await row(other, "How high? writing").waitFor();
  await page.goto(rig.app.url);
  rig.upstream.release();
  await row(other, "How high? unread").waitFor();
  await row(other, "How high?").click();
  await shows(other, "How high?");
  await waitFor("the thread to be read", async () => {
    const { unread } = await getThread(rig.app, threadIdOf(other));
    return !unread;
  });
  await waitFor(
    "the dot to go",
    async () => await row(page, "How high? unread").count() === 0,
  );
});

Deno.test("threads: an open thread shows what another tab asks in it, as it is written", async () => {
  await using rig = await startChat({});
  await using browser = await startBrowser();
  const first = (await browser.open(rig.app.url)).page;
  await askToEnd(first, "How high?");
  const second = (await browser.open(first.url())).page;
  await shows(second, "How high?");
  rig.upstream.hold();
  await askOn(first, "And now?");
  await shows(second, "And now?");
  await button(second, "Stop answering").waitFor();
  rig.upstream.release();
  await answered(second);
  await answered(first);
  assert.equal(
    await first.locator("#t2 .prose").innerText(),
    await second.locator("#t2 .prose").innerText(),
  );
});

Deno.test("threads: a temporary thread is marked, in no list and leaves nothing in the browser", async () => {
  await using rig = await startChat({});
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  await page.getByRole("switch", { name: /Temporary/ }).check();
  await askToEnd(page, "A secret");
  await page.locator(".head").getByText("Temporary").waitFor();
  assert.equal(await row(page, "A secret").count(), 0);
  await assertAccessible(page, "a temporary thread");
  await composer(page).fill("half a thought");
  assert.equal(await page.evaluate(() => localStorage.length), 0);
  await page.reload();
  await shows(page, "A secret");
  await page.locator(".head").getByText("Temporary").waitFor();
  assert.equal(await row(page, "A secret").count(), 0);
  const listed = await (await rig.app.fetch("/api/threads")).json();
  assert.deepEqual(listed.items, []);
  assert.equal(await button(page, "Pin thread").count(), 0);
});

Deno.test("threads: the list begins with the newest, and older ones come when asked", async () => {
  await using rig = await startChat({});
  for (let number = 1; number <= 60; number += 1) {
    await rig.app.post("/api/threads", { title: `Thread ${number}` });
  }
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  assert.equal(await navigation(page).locator("a[href^='/c/']").count(), 50);
  await button(page, "Show more").click();
  await row(page, "Thread 7").waitFor();
  assert.equal(await navigation(page).locator("a[href^='/c/']").count(), 60);
  await button(page, "Show more").waitFor({ state: "detached" });
});

Deno.test("threads: two tabs with the same draft do not take each other's text", async () => {
  await using rig = await startChat({});
  await using browser = await startBrowser();
  const first = (await browser.open(rig.app.url)).page;
  await askToEnd(first, "How high?");
  const second = await first.context().newPage();
  await second.goto(first.url());
  await composer(second).fill("written here");
  // Both pages count as focused here, so only a field that nobody is in may change.
  await first.bringToFront();
  await thread(first).focus();
  await composer(second).fill("written here, and more");
  await waitFor(
    "the text to follow",
    async () => await composer(first).inputValue() === "written here, and more",
  );
  await composer(first).focus();
  await composer(second).fill("something else");
  await composer(first).press("End");
  await composer(first).pressSequentially("!");
  assert.equal(
    await composer(first).inputValue(),
    "written here, and more!",
  );
});
