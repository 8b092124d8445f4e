/** The live connection of a tab, in a real browser: one for all islands, whatever becomes of it. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { makeKey } from "../api/key_rig.ts";
import { type ChatRig, newThread, startChat } from "../support/chat_client.ts";
import { assertAccessible, startBrowser } from "../support/browser.ts";

const row = (page: Page, title: string) =>
  page.getByRole("navigation", { name: "Navigation" })
    .getByRole("link", { name: title });

const reconnecting = (page: Page) => page.getByText("Reconnecting …");

/** Makes a thread as another program would. */
async function make({ app }: ChatRig, title: string): Promise<void> {
  await newThread(app, { title });
}

/** How often each way to `/api/live` was opened by a page. */
function watch(page: Page): { sockets: number; streams: number } {
  const opened = { sockets: 0, streams: 0 };
  const isLive = (url: string) => new URL(url).pathname === "/api/live";
  page.on("websocket", (socket) => {
    if (isLive(socket.url())) opened.sockets += 1;
  });
  page.on("request", (request) => {
    if (isLive(request.url())) opened.streams += 1;
  });
  return opened;
}

Deno.test("live: one connection for all islands of a tab", async (t) => {
  // One browser for all: starting it takes longer than the steps.
  await using rig = await startChat({});
  await using browser = await startBrowser();
  await t.step(
    "two tabs hear of the same, each over one socket of its own",
    async () => {
      const { page, errors } = await browser.open("about:blank");
      const other = await page.context().newPage();
      const opened = [watch(page), watch(other)];
      for (const tab of [page, other]) await tab.goto(rig.app.url);
      await make(rig, "Crests");
      for (const tab of [page, other]) await row(tab, "Crests").waitFor();
      assert.deepEqual(opened, [
        { sockets: 1, streams: 0 },
        { sockets: 1, streams: 0 },
      ]);
      assert.deepEqual(errors, []);
    },
  );

  await t.step(
    "what happens while the network is away is there when it is back",
    async () => {
      const { page } = await browser.open(rig.app.url);
      await make(rig, "Before");
      await row(page, "Before").waitFor();
      await page.context().setOffline(true);
      await make(rig, "Meanwhile");
      await page.context().setOffline(false);
      await row(page, "Meanwhile").waitFor();
      await make(rig, "Afterwards");
      await row(page, "Afterwards").waitFor();
    },
  );

  await t.step(
    "where no socket gets through, the page hears all the same",
    async () => {
      const { page } = await browser.open("about:blank");
      const opened = watch(page);
      await page.routeWebSocket(/\/api\/live/, (socket) => void socket.close());
      await page.goto(rig.app.url);
      await make(rig, "Weirs");
      await row(page, "Weirs").waitFor();
      assert.equal(opened.streams, 1);
      await make(rig, "Floods");
      await row(page, "Floods").waitFor();
      assert.equal(opened.streams, 1, "the second was told, not fetched");
    },
  );

  await t.step(
    "a page that cannot connect says so quietly, and takes it back",
    async () => {
      const { page } = await browser.open("about:blank");
      let isBlocked = true;
      await page.routeWebSocket(/\/api\/live/, (socket) => void socket.close());
      await page.route(
        /\/api\/live/,
        (route) => isBlocked ? route.abort() : route.continue(),
      );
      await page.clock.install();
      await page.goto(rig.app.url);
      await reconnecting(page).waitFor({ state: "hidden" });
      await page.waitForFunction(() =>
        document.getElementById("side-live") !== null
      );
      while (!await reconnecting(page).isVisible()) {
        await page.clock.runFor(1_000);
      }
      isBlocked = false;
      while (await reconnecting(page).isVisible()) {
        await page.clock.runFor(
          5_000,
        );
      }
      await make(rig, "Locks");
      await row(page, "Locks").waitFor();
    },
  );

  await t.step(
    "a page of the administration says what was changed elsewhere",
    async () => {
      const { page } = await browser.open("about:blank");
      const note = page.getByText("This page was changed elsewhere.");
      const heard = page.waitForEvent("websocket").then((socket) =>
        socket.waitForEvent("framereceived")
      );
      await page.goto(`${rig.app.url}/admin/keys`);
      // Its first word: from here on the page hears what happens.
      await heard;
      await makeKey(rig.app, { name: "Elsewhere" });
      await note.waitFor();
      await assertAccessible(page, "changed elsewhere");
      await page.getByRole("link", { name: "Show it as it is now" }).click();
      await page.getByText("Elsewhere", { exact: true }).first().waitFor();
      await note.waitFor({ state: "detached" });
    },
  );
});
