/** The page while networks, servers and tabs come and go: the answer goes on, whole and without flicker. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { startFakeUpstream } from "../support/fake_upstream.ts";
import { getMessages, startChat } from "../support/chat_client.ts";
import {
  answered,
  askOn,
  button,
  composer,
  shows,
  thread,
  threadIdOf,
} from "../support/chat_page.ts";
import { startBrowser } from "../support/browser.ts";
import { startProcess } from "../support/process.ts";
import { waitFor } from "../support/wait.ts";

const TEXT =
  "The crest passed at noon. It was two metres high. Then the water fell.";

const prose = (page: Page) => thread(page).locator(".prose");

/** Notes every text that the last answer shows from now on, as often as the page draws. */
async function watchText(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const seen: string[] = [];
    const look = () => {
      const text = document.querySelector(".prose")?.textContent ?? "";
      if (text !== seen.at(-1)) seen.push(text);
      requestAnimationFrame(look);
    };
    look();
    Object.assign(globalThis, { seenTexts: seen });
  });
  return () =>
    page.evaluate(() =>
      (globalThis as unknown as { seenTexts: string[] }).seenTexts
    );
}

/** Makes the page believe that nobody looks at it, or that somebody does again. */
async function setHidden(page: Page, isHidden: boolean): Promise<void> {
  await page.evaluate((isHidden) => {
    Object.defineProperty(document, "visibilityState", {
      configurable: true,
      get: () => isHidden ? "hidden" : "visible",
    });
    document.dispatchEvent(new Event("visibilitychange"));
  }, isHidden);
}

Deno.test("resume: a killed server starts the answer again, and the page shows it without flicker or repeat", async () => {
  const dataDir = await Deno.makeTempDir();
  const upstream = await startFakeUpstream({ behaviour: { text: TEXT } });
  const env = { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: upstream.url };
  try {
    upstream.hold();
    await using browser = await startBrowser();
    const before = await startProcess(dataDir, { env });
    const { page } = await browser.open(before.url);
    await askOn(page, "When?");
    await upstream.waitForChat(0);
    upstream.release(6);
    await shows(page, "The crest");
    const seen = await watchText(page);
    await before.kill("SIGKILL");
    await using _after = await startProcess(dataDir, {
      env: { ...env, PORT: new URL(before.url).port },
    });
    await upstream.waitForChat(1);
    upstream.release();
    await answered(page);
    assert.equal((await prose(page).innerText()).trim(), TEXT);
    const texts = await seen();
    const shrunk = texts.find((text, index) =>
      index > 0 && text.length < texts[index - 1].length
    );
    assert.equal(shrunk, undefined, texts.join("\n"));
  } finally {
    await upstream.close();
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("resume: a hidden page holds no stream, and shows the rest when it is looked at again", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  rig.upstream.hold();
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  const streams = new Set<string>();
  page.on("request", (request) => {
    if (/\/events$|\/live\?/.test(request.url())) streams.add(request.url());
  });
  await askOn(page, "When?");
  await rig.upstream.waitForChat(0);
  rig.upstream.release(5);
  await shows(page, "at noon");
  await setHidden(page, true);
  const text = await prose(page).innerText();
  streams.clear();
  rig.upstream.release();
  await waitFor("the answer to be stored", async () => {
    const messages = await getMessages(rig.app, threadIdOf(page));
    return messages[1]?.status === "complete";
  });
  assert.equal(await prose(page).innerText(), text);
  assert.deepEqual([...streams], []);
  await setHidden(page, false);
  await answered(page);
  assert.equal((await prose(page).innerText()).trim(), TEXT);
  // That of the answer; live events come over a socket, which a page keeps for a while.
  assert.equal(streams.size, 1);
});

Deno.test("resume: a question asked while the server is away is kept, and asked once it is back", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  await composer(page).waitFor();
  await page.context().setOffline(true);
  await askOn(page, "When?");
  await shows(page, "The server could not be reached.");
  await page.context().setOffline(false);
  await page.reload();
  await shows(page, "The question was not sent.");
  await button(page, "Retry").click();
  await shows(page, TEXT);
  await answered(page);
  const messages = await getMessages(rig.app, threadIdOf(page));
  assert.equal(messages.length, 2);
});

Deno.test("resume: an answer that ended while the page was away is there at once, without script", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  rig.upstream.hold();
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  await askOn(page, "When?");
  await rig.upstream.waitForChat(0);
  rig.upstream.release(5);
  await shows(page, "The crest");
  const address = page.url();
  await page.goto("about:blank");
  rig.upstream.release();
  await waitFor("the answer to be stored", async () => {
    const messages = await getMessages(rig.app, address.split("/").at(-1)!);
    return messages[1]?.status === "complete";
  });
  const bare = (await browser.open(address, { javaScriptEnabled: false })).page;
  assert.equal((await prose(bare).innerText()).trim(), TEXT);
});
