/** The chat page in a real browser: what a person does on it, and what goes wrong meanwhile. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { askWhole, getMessages, startChat } from "../support/chat_client.ts";
import { startApp } from "../support/app.ts";
import { startBrowser } from "../support/browser.ts";
import { waitFor } from "../support/wait.ts";

const TEXT =
  "The crest passed at noon. It was **two metres** high.\n\n- one\n- two";
const PLAIN = "The crest passed at noon. It was two metres high.";

const composer = (page: Page) =>
  page.getByRole("textbox", { name: "Message", exact: true });
const thread = (page: Page) => page.getByRole("log", { name: "Thread" });
const stopButton = (page: Page) =>
  page.getByRole("button", { name: "Stop answering" });
const sendButton = (page: Page) =>
  page.getByRole("button", { name: "Send", exact: true });

async function ask(page: Page, question: string): Promise<void> {
  await composer(page).fill(question);
  await composer(page).press("Enter");
}

function shows(page: Page, text: string): Promise<void> {
  return thread(page).getByText(text).first().waitFor();
}

function threadId(page: Page): string {
  return new URL(page.url()).pathname.split("/").at(-1)!;
}

Deno.test("chat page: from nothing to an answer of the demo, tokens one by one", async () => {
  await using app = await startApp();
  await using browser = await startBrowser();
  const { page, errors } = await browser.open(app.url);
  await page.getByRole("heading", { name: "What would you like to know?" })
    .waitFor();
  await ask(page, "How do I stop the server?");
  await stopButton(page).waitFor();
  const lengths = new Set<number>();
  await waitFor("the answer to end", async () => {
    lengths.add((await thread(page).innerText()).length);
    return await sendButton(page).isVisible();
  }, 60_000);
  assert.ok(lengths.size > 5, `the text grew in ${lengths.size} steps`);
  assert.match(await thread(page).innerText(), /not a language model/i);
  assert.match(page.url(), /\/c\/thr_[0-9A-Za-z]{22}$/);
  assert.deepEqual(errors, []);
});

Deno.test("chat page: an answer streams in, is shown as Markdown, and is the same after a reload", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  rig.upstream.hold();
  await using browser = await startBrowser();
  const { page, errors } = await browser.open(rig.app.url);
  await ask(page, "When was the crest?");
  await shows(page, "When was the crest?");
  rig.upstream.release(4);
  await stopButton(page).waitFor();
  assert.equal(await thread(page).getAttribute("aria-busy"), "true");
  rig.upstream.release();
  await shows(page, "one");
  await sendButton(page).waitFor();
  assert.equal(
    await thread(page).locator("strong", { hasText: "two metres" }).count(),
    1,
  );
  assert.equal(await thread(page).locator("li").count(), 2);
  const live = await thread(page).locator(".prose").innerText();
  await page.reload();
  assert.equal(await thread(page).locator(".prose").innerText(), live);
  assert.deepEqual(errors, []);
});

Deno.test("chat page: the first HTML of a thread holds its content, without any script", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  const asked = await askWhole(rig.app, "When was the crest?");
  await using browser = await startBrowser();
  const { page } = await browser.open(`${rig.app.url}/c/${asked.thread.id}`, {
    javaScriptEnabled: false,
  });
  await shows(page, "When was the crest?");
  assert.ok((await thread(page).innerText()).includes(PLAIN));
  assert.equal(
    await page.getByRole("navigation", { name: "Navigation" }).count(),
    1,
  );
});

Deno.test("chat page: Stop closes the provider's socket, keeps the text and frees the thread", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  rig.upstream.hold();
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  await ask(page, "x");
  await rig.upstream.waitForChat(0);
  rig.upstream.release(5);
  await shows(page, "The crest");
  await stopButton(page).click();
  await rig.upstream.waitForHangUp(0);
  await sendButton(page).waitFor();
  assert.match(await thread(page).innerText(), /stopped/i);
  const [, answer] = await getMessages(rig.app, threadId(page));
  assert.equal(answer.status, "stopped");
  rig.upstream.release();
  await ask(page, "next question");
  await shows(page, "next question");
  await thread(page).locator("strong", { hasText: "two metres" }).waitFor();
});

Deno.test("chat page: Escape stops too", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  rig.upstream.hold();
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  await ask(page, "x");
  await rig.upstream.waitForChat(0);
  await page.keyboard.press("Escape");
  await rig.upstream.waitForHangUp(0);
  await sendButton(page).waitFor();
});

Deno.test("chat page: a reload in the middle goes on where the answer is, without loss or repeat", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  rig.upstream.hold();
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  await ask(page, "x");
  await rig.upstream.waitForChat(0);
  rig.upstream.release(5);
  await shows(page, "The crest");
  await page.reload();
  await shows(page, "The crest");
  await stopButton(page).waitFor();
  rig.upstream.release();
  await sendButton(page).waitFor();
  await shows(page, PLAIN.slice(-20));
  const text = await thread(page).locator(".prose").innerText();
  assert.equal(text.match(/The crest passed/g)!.length, 1);
  assert.ok(text.includes(PLAIN), text);
});

Deno.test("chat page: a lost network is survived, the answer goes on by itself", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  rig.upstream.hold();
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  await ask(page, "x");
  await rig.upstream.waitForChat(0);
  rig.upstream.release(5);
  await shows(page, "The crest");
  await page.context().setOffline(true);
  rig.upstream.release();
  await waitFor("the answer to be stored", async () => {
    const messages = await getMessages(rig.app, threadId(page));
    return messages[1]?.status === "complete";
  });
  await page.context().setOffline(false);
  await sendButton(page).waitFor();
  const text = await thread(page).locator(".prose").innerText();
  assert.ok(text.includes(PLAIN), text);
});

Deno.test("chat page: a second tab follows the same answer and can stop it", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  rig.upstream.hold();
  await using browser = await startBrowser();
  const first = (await browser.open(rig.app.url)).page;
  await ask(first, "x");
  await rig.upstream.waitForChat(0);
  rig.upstream.release(5);
  await shows(first, "The crest");
  const second = (await browser.open(first.url())).page;
  await shows(second, "The crest");
  await stopButton(second).click();
  await sendButton(second).waitFor();
  await sendButton(first).waitFor();
  await rig.upstream.waitForHangUp(0);
  assert.equal(
    await first.locator(".prose").innerText(),
    await second.locator(".prose").innerText(),
  );
});

for (
  const [model, words] of [
    ["bad-key", /key/i],
    ["broken", /provider/i],
    ["html", /provider/i],
    ["cut", /kept|provider/i],
  ] as const
) {
  Deno.test(`chat page: a provider that is ${model} shows an error in words, and Retry answers`, async () => {
    await using rig = await startChat({ behaviours: { "fake-1": {} } });
    const broken = {
      "bad-key": { status: 401 },
      broken: { status: 500 },
      html: undefined,
      cut: { cutAfter: 3 },
    }[model];
    const behaviour = broken ??
      { rawBody: "<h1>nginx</h1>", contentType: "text/html" };
    // As many as a question is tried before its first token.
    rig.upstream.next(
      ...Array(model === "broken" || model === "html" ? 3 : 1).fill(behaviour),
    );
    await using browser = await startBrowser();
    const { page } = await browser.open(rig.app.url);
    await ask(page, "My question");
    const retry = page.getByRole("button", { name: "Retry" }).first();
    await retry.waitFor();
    assert.match(await thread(page).innerText(), words);
    await shows(page, "My question");
    await waitFor(
      "the scripted failures to be used up",
      () => rig.upstream.chats().length > 0,
    );
    await retry.click();
    await waitFor("an answer that is complete", async () => {
      const messages = await getMessages(rig.app, threadId(page));
      return messages.at(-1)?.status === "complete";
    });
    await sendButton(page).waitFor();
    await page.reload();
    await shows(page, "My question");
  });
}

Deno.test("chat page: a question that the server refuses stays, with the reason and Retry", async () => {
  await using rig = await startChat();
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  await page.route("**/runs", (route) => route.abort(), { times: 1 });
  await ask(page, "Precious words");
  await page.getByRole("button", { name: "Retry" }).first().waitFor();
  await shows(page, "Precious words");
  await page.getByRole("button", { name: "Retry" }).first().click();
  await waitFor("the question to be answered", async () => {
    if (!page.url().includes("/c/")) return false;
    const messages = await getMessages(rig.app, threadId(page));
    return messages.at(-1)?.status === "complete";
  });
  assert.equal(
    await thread(page).getByText("Precious words").count() > 0,
    true,
  );
});

Deno.test("chat page: a message over the limit is refused in words and not lost", async () => {
  await using rig = await startChat();
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  await composer(page).fill("x".repeat(1_000_001));
  await composer(page).press("Enter");
  await page.getByText("1,000,000").first().waitFor();
  assert.equal(rig.upstream.chats().length, 0);
});

Deno.test("chat page: the model picker chooses who answers, and the thread remembers it", async () => {
  await using rig = await startChat();
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  await page.getByRole("combobox", { name: "Model" }).selectOption("fake-2");
  await ask(page, "x");
  const { body } = await rig.upstream.waitForChat(0);
  assert.equal(body.model, "fake-2");
  await sendButton(page).waitFor();
  await page.reload();
  assert.equal(
    await page.getByRole("combobox", { name: "Model" }).inputValue(),
    "fake-2",
  );
});

Deno.test("chat page: a draft survives a reload and is gone once it is sent", async () => {
  await using rig = await startChat();
  const { thread: given } = await askWhole(rig.app, "x");
  await using browser = await startBrowser();
  const { page } = await browser.open(`${rig.app.url}/c/${given.id}`);
  await composer(page).fill("half a thought");
  await waitFor(
    "the draft to be kept",
    () =>
      page.evaluate(() =>
        JSON.stringify({ ...localStorage }).includes("half a thought")
      ),
  );
  await page.reload();
  await waitFor(
    "the draft to be back",
    async () => await composer(page).inputValue() === "half a thought",
  );
  await composer(page).press("Enter");
  await shows(page, "half a thought");
  await sendButton(page).waitFor();
  await page.reload();
  assert.equal(await composer(page).inputValue(), "");
});

Deno.test("chat page: the next question can be written while an answer runs, and is sent after it", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  rig.upstream.hold();
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  await ask(page, "first");
  await rig.upstream.waitForChat(0);
  await ask(page, "second");
  assert.equal(rig.upstream.chats().length, 1);
  rig.upstream.release();
  const { body } = await rig.upstream.waitForChat(1, 15_000);
  assert.equal(body.messages.at(-1).content, "second");
});

Deno.test("chat page: keys alone are enough to ask, stop and begin anew", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  rig.upstream.hold();
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  await waitFor(
    "the composer to have the focus",
    () =>
      composer(page).evaluate((element) => element === document.activeElement),
  );
  await page.keyboard.type("line one");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("line two");
  await page.keyboard.press("Enter");
  const { body } = await rig.upstream.waitForChat(0);
  assert.equal(body.messages[0].content, "line one\nline two");
  await page.keyboard.press("Escape");
  await rig.upstream.waitForHangUp(0);
  await page.keyboard.press("Control+Shift+O");
  await page.getByRole("heading", { name: "What would you like to know?" })
    .waitFor();
});

Deno.test("chat page: hostile text in question, title and answer runs nothing", async () => {
  const hostile =
    '<img src=x onerror="window.hit=1"><script>window.hit=1</script>[a](javascript:window.hit=1) ![i](x" onerror="window.hit=1)';
  await using rig = await startChat({ behaviour: { text: hostile } });
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  await ask(page, hostile);
  await sendButton(page).waitFor();
  await waitFor(
    "the answer",
    async () =>
      (await getMessages(rig.app, threadId(page))).at(-1)?.status ===
        "complete",
  );
  await page.reload();
  await thread(page).waitFor();
  for (const link of await thread(page).locator("a").all()) {
    assert.doesNotMatch(await link.getAttribute("href") ?? "", /^javascript:/i);
  }
  assert.equal(await page.evaluate(() => "hit" in globalThis), false);
  assert.equal(await thread(page).locator("img, script").count(), 0);
});
