/** Every page in every dress: accessible, not too wide, without errors; and the picture in the README. */
import assert from "node:assert/strict";
import type { BrowserContextOptions, Page } from "playwright-core";
import { startApp } from "../support/app.ts";
import {
  assertAccessible,
  assertNoSidewaysScroll,
  DESKTOP,
  PHONE,
  startBrowser,
} from "../support/browser.ts";
import {
  ask,
  askWhole,
  type ChatRig,
  startChat,
} from "../support/chat_client.ts";
import { waitFor } from "../support/wait.ts";

/** Set to a folder to keep a picture of every page there. */
const SHOTS = Deno.env.get("FRESHET_TEST_SHOTS");

const README_PICTURE = new URL("../../docs/screenshot.png", import.meta.url);

const RICH = [
  "A crest is a crest only after the water has **stopped rising and stayed down** for a while. Three rules do most of the work:",
  "1. Smooth with a median of three readings.\n2. Keep the highest level so far as the candidate.\n3. Confirm it after four readings at least 2 cm below it.",
  '```python\nfrom collections import deque\n\ndef crest(readings, hold=4, drop=0.02):\n    """Yield (time, stage) once a peak has held."""\n    window = deque(maxlen=3)\n    for time, stage in readings:\n        window.append(stage)\n```',
  "| station | level | delay |\n|---|---:|---:|\n| 14 | 2.31 m | 60 min |\n| 9 | 1.98 m | 45 min |",
  "> Travel time between stations is nearly constant at high stage.",
  "The confirmed peak is $h_{max} = \\max_t h(t)$, and [the manual](https://example.org) says more.",
].join("\n\n");

const DRESSES: [name: string, options: BrowserContextOptions][] = [
  ["desktop-light", { viewport: DESKTOP, colorScheme: "light" }],
  ["desktop-dark", { viewport: DESKTOP, colorScheme: "dark" }],
  ["phone-light", {
    viewport: PHONE,
    colorScheme: "light",
    hasTouch: true,
    isMobile: true,
  }],
  ["phone-dark", {
    viewport: PHONE,
    colorScheme: "dark",
    hasTouch: true,
    isMobile: true,
  }],
];

/** How long nothing may have arrived for a page to count as settled, in milliseconds. */
const QUIET_MS = 500;

/** Waits until the islands are alive and lazy parts are in. Streams stay open as long as the page does. */
async function settled(page: Page): Promise<void> {
  await page.waitForFunction((quietMs) => {
    const parts = performance.getEntriesByType("resource")
      .map((entry) => (entry as PerformanceResourceTiming).responseEnd);
    return document.readyState === "complete" &&
      performance.now() - Math.max(0, ...parts) > quietMs;
  }, QUIET_MS);
  await page.evaluate(() => document.fonts.ready);
}

async function lookAt(page: Page, what: string): Promise<void> {
  await settled(page);
  if (SHOTS !== undefined) {
    await page.screenshot({ path: `${SHOTS}/${what}.png` });
  }
  await assertAccessible(page, what);
  await assertNoSidewaysScroll(page, what);
}

/** A thread with a rich answer, one with a failed answer, and one that is answering now. */
async function threads(rig: ChatRig) {
  rig.upstream.next({
    text: RICH,
    reasoning: "The sensor noise is about 8 mm.",
  });
  const rich = await askWhole(
    rig.app,
    "How can I detect the crest of a flood without a false alarm?",
  );
  rig.upstream.next({ status: 401 });
  const failed = await askWhole(
    rig.app,
    "Two stations upstream report an hour earlier. Can they help?",
  );
  rig.upstream.hold();
  const thread = await (await rig.app.post("/api/threads", {})).json();
  rig.upstream.next({ text: RICH });
  await ask(rig.app, thread.id, {
    message: { content: "Batch import fails on umlauts" },
  });
  rig.upstream.release(12);
  return { rich: rich.thread.id, failed: failed.thread.id, running: thread.id };
}

Deno.test("pages: each is accessible and fits, on desktop and phone, in light and dark", async () => {
  await using rig = await startChat();
  const { rich, failed, running } = await threads(rig);
  await using browser = await startBrowser();
  for (const [dress, options] of DRESSES) {
    for (
      const [name, path, expected] of [
        ["new", "/", 0],
        ["thread", `/c/${rich}`, 0],
        ["failed", `/c/${failed}`, 0],
        ["running", `/c/${running}`, 0],
        ["settings", "/settings", 0],
        ["projects", "/projects", 0],
        ["tasks", "/tasks", 0],
        ["missing", "/c/thr_0000000000000000000000", 1],
      ] as const
    ) {
      // So that the provider never seems to have gone silent.
      rig.upstream.release(1);
      const { page, errors } = await browser.open(rig.app.url + path, options);
      // A stream that is open keeps the network busy.
      if (name === "running") {
        await page.getByRole("button", { name: "Stop answering" }).waitFor();
        await assertAccessible(page, `${name} ${dress}`);
        await assertNoSidewaysScroll(page, `${name} ${dress}`);
        if (SHOTS !== undefined) {
          await page.screenshot({ path: `${SHOTS}/${name}-${dress}.png` });
        }
      } else await lookAt(page, `${name}-${dress}`);
      // The browser itself reports a page that answers 404.
      assert.equal(
        errors.length,
        expected,
        `${name} ${dress}: ${errors.join("\n")}`,
      );
      await page.context().close();
    }
  }
});

Deno.test("pages: the first run, with nothing connected, in every dress", async () => {
  await using app = await startApp();
  await using browser = await startBrowser();
  for (const [dress, options] of DRESSES) {
    const { page, errors } = await browser.open(app.url, options);
    await lookAt(page, `first-run-${dress}`);
    assert.deepEqual(errors, [], dress);
    await page.context().close();
  }
});

Deno.test("pages: on a phone the navigation opens, leads to a thread, and closes", async () => {
  await using rig = await startChat();
  await askWhole(rig.app, "Rating curve, station 14");
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url, DRESSES[2][1]);
  const navigation = page.getByRole("navigation", { name: "Navigation" });
  assert.equal(await navigation.isVisible(), false);
  await page.getByRole("button", { name: "Open navigation" }).click();
  await navigation.waitFor();
  await assertAccessible(page, "navigation on a phone");
  await navigation.getByRole("link", { name: /Rating curve/ }).click();
  await page.getByRole("log", { name: "Thread" }).waitFor();
  assert.equal(await navigation.isVisible(), false);
});

Deno.test("pages: keys get past the navigation with the first Tab", async () => {
  await using rig = await startChat();
  await askWhole(rig.app, "Rating curve, station 14");
  await using browser = await startBrowser();
  const { page } = await browser.open(`${rig.app.url}/tasks`);
  await settled(page);
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip navigation" });
  assert.equal(
    await skip.evaluate((link) => link === document.activeElement),
    true,
  );
  await assertAccessible(page, "the way past the navigation");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.equal(
    await page.evaluate(() => document.activeElement?.getAttribute("name")),
    "title",
  );
});

Deno.test("settings: the theme is kept, and the next first HTML already has it", async () => {
  await using app = await startApp();
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/settings`, {
    colorScheme: "light",
  });
  await settled(page);
  await page.getByRole("radio", { name: "Dark" }).check();
  await waitFor(
    "the choice to be kept",
    async () =>
      (await page.context().cookies()).some(({ name, value }) =>
        name === "freshet_theme" && value === "dark"
      ),
  );
  await page.goto(app.url);
  const html =
    await (await app.fetch("/", { headers: { cookie: "freshet_theme=dark" } }))
      .text();
  assert.match(html, /<html[^>]*data-theme="dark"/);
  const background = await page.evaluate(() =>
    getComputedStyle(document.body).backgroundColor
  );
  assert.notEqual(background, "rgb(255, 255, 255)");
  assert.equal(
    await page.evaluate(() => document.documentElement.dataset.theme),
    "dark",
  );
});

Deno.test("README: the picture is one of the page as it is", async () => {
  await using rig = await startChat();
  const { rich } = await threads(rig);
  await using browser = await startBrowser();
  const { page } = await browser.open(`${rig.app.url}/c/${rich}`, {
    colorScheme: "light",
  });
  await settled(page);
  const picture = await page.screenshot();
  assert.ok(picture.length > 20_000, `${picture.length} bytes`);
  if (Deno.env.has("FRESHET_UPDATE_PICTURE")) {
    await Deno.writeFile(README_PICTURE, picture);
  }
  assert.ok((await Deno.stat(README_PICTURE)).size > 20_000);
});
