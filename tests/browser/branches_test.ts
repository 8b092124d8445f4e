/** Versions of questions and answers in a real browser: edit, answer again, switch, go on. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { startChat } from "../support/chat_client.ts";
import { ask, getMessages, getThread } from "../support/chat_client.ts";
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

const editField = (page: Page) =>
  page.getByRole("textbox", { name: "Question", exact: true });

/** Edits the last question of the page and asks it. */
async function edit(page: Page, text: string): Promise<void> {
  await button(page, "Edit the question").last().click();
  await editField(page).fill(text);
  await editField(page).press("Enter");
  await shows(page, text);
  await answered(page);
}

Deno.test("branches: an edited question becomes a version of it, and both can be read again", async () => {
  await using rig = await startChat({});
  await using browser = await startBrowser();
  const { page, errors } = await browser.open(rig.app.url);
  await askToEnd(page, "How high is it?");
  await askToEnd(page, "And in spring?");
  await edit(page, "And in autumn?");
  await thread(page).getByText("2 / 2").waitFor();
  assert.equal(await thread(page).getByText("2 / 2").count(), 1);
  assert.equal(await thread(page).getByText("And in spring?").count(), 0);
  await button(page, "Previous version").click();
  await thread(page).getByText("1 / 2").waitFor();
  assert.match(await thread(page).innerText(), /And in spring\?/);
  await waitFor("the server to know of the switch", async () => {
    const branch = await getMessages(rig.app, threadIdOf(page));
    return branch.some(({ content }) => content === "And in spring?");
  });
  await page.reload();
  assert.match(await thread(page).innerText(), /And in spring\?/);
  await askToEnd(page, "Go on");
  const branch = await getMessages(rig.app, threadIdOf(page));
  assert.deepEqual(
    branch.filter(({ role }) => role === "user").map((each) => each.content),
    ["How high is it?", "And in spring?", "Go on"],
  );
  assert.deepEqual(errors, []);
});

Deno.test("branches: Retry adds an answer, and the one before stays within reach", async () => {
  await using rig = await startChat({});
  rig.upstream.next({ text: "First answer." }, { text: "Second answer." });
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  await askToEnd(page, "How high?");
  await button(page, "Retry").click();
  await shows(page, "Second answer.");
  await thread(page).getByText("2 / 2").waitFor();
  await button(page, "Previous version").click();
  await shows(page, "First answer.");
  await assertAccessible(page, "a thread with versions");
  await button(page, "Next version").click();
  await shows(page, "Second answer.");
});

Deno.test("branches: keys alone edit the last question, and Escape leaves it as it was", async () => {
  await using rig = await startChat({});
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  await askToEnd(page, "How high?");
  await composer(page).press("ArrowUp");
  await editField(page).waitFor();
  assert.equal(await editField(page).inputValue(), "How high?");
  await page.keyboard.type(" Really?");
  await page.keyboard.press("Escape");
  await editField(page).waitFor({ state: "detached" });
  assert.equal((await getMessages(rig.app, threadIdOf(page))).length, 2);
  await page.keyboard.press("ArrowUp");
  await editField(page).waitFor();
  await page.keyboard.type(" Now?");
  await page.keyboard.press("Enter");
  await shows(page, "How high? Now?");
});

Deno.test("branches: an edit while another page asks says so, keeps the text and shows that answer", async () => {
  await using rig = await startChat({});
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  await askToEnd(page, "How high?");
  await button(page, "Edit the question").click();
  await editField(page).fill("How low?");
  rig.upstream.hold();
  await ask(rig.app, threadIdOf(page), { message: { content: "Elsewhere" } });
  await editField(page).press("Enter");
  await page.getByRole("alert").getByText("Your edit is kept here").waitFor();
  assert.equal(await editField(page).inputValue(), "How low?");
  await shows(page, "Elsewhere");
  rig.upstream.release();
  await answered(page);
  await editField(page).press("Enter");
  await editField(page).waitFor({ state: "detached" });
  await shows(page, "How low?");
});

Deno.test("branches: two tabs on different versions each go on from their own", async () => {
  await using rig = await startChat({});
  await using browser = await startBrowser();
  const first = (await browser.open(rig.app.url)).page;
  await askToEnd(first, "Which way?");
  await edit(first, "Which way, north?");
  const second = (await browser.open(first.url())).page;
  await button(first, "Previous version").click();
  await thread(first).getByText("1 / 2").waitFor();
  await askToEnd(second, "from the north");
  await button(second, "Send").waitFor();
  const id = threadIdOf(first);
  const all = await getMessages(rig.app, id, "?tree=1");
  const asked = all.find(({ content }) => content === "from the north")!;
  const answer = all.find((message) => message.id === asked.parentId)!;
  const question = all.find((message) => message.id === answer.parentId)!;
  assert.equal(question.content, "Which way, north?");
});

Deno.test("branches: Continue goes on with a stopped answer where it ended", async () => {
  await using rig = await startChat({
    behaviour: { text: "The crest passed at noon. It was two metres high." },
  });
  rig.upstream.hold();
  await using browser = await startBrowser();
  const { page, errors } = await browser.open(rig.app.url);
  await askOn(page, "When?");
  await rig.upstream.waitForChat(0);
  rig.upstream.release(6);
  await shows(page, "The crest");
  await button(page, "Stop answering").click();
  await button(page, "Continue").waitFor();
  const kept = await thread(page).locator(".prose").innerText();
  await page.reload();
  rig.upstream.next({ text: " And so it went on." });
  await button(page, "Continue").click();
  rig.upstream.release();
  await shows(page, "And so it went on.");
  await answered(page);
  const text = await thread(page).locator(".prose").innerText();
  assert.ok(text.startsWith(kept.trimEnd()), `${kept}\n${text}`);
  const messages = await getMessages(rig.app, threadIdOf(page));
  const words = (said: string) => said.trim().split(/\s+/);
  assert.deepEqual(words(messages.at(-1)!.content), words(text));
  assert.deepEqual(errors, []);
});

Deno.test("branches: a long thread opens with its newest turns, and the others come when asked", async () => {
  await using rig = await startChat({ behaviour: { text: "Yes." } });
  await using browser = await startBrowser();
  const { page: maker } = await browser.open(rig.app.url);
  await askToEnd(maker, "Question 1 of all");
  const id = threadIdOf(maker);
  for (let number = 2; number <= 60; number += 1) {
    await ask(rig.app, id, {
      message: { content: `Question ${number} of all` },
    });
    await waitFor(
      "the answer to end",
      async () => (await getThread(rig.app, id)).activeRunId === null,
    );
  }
  const { page } = await browser.open(`${rig.app.url}/c/${id}`);
  assert.equal(await page.locator(".turn").count(), 50);
  assert.equal(await page.locator("#t60").count(), 1);
  await page.getByRole("link", { name: "Show earlier" }).click();
  await page.locator("#t1").waitFor({ state: "attached" });
  assert.equal(await page.locator(".turn").count(), 60);
  // Text that is far from the window has no layout, so that innerText gives nothing.
  assert.match(await page.locator("#t1").textContent() ?? "", /Question 1 of/);
  const bare = (await browser.open(`${rig.app.url}/c/${id}`, {
    javaScriptEnabled: false,
  })).page;
  await bare.getByRole("link", { name: "Show earlier" }).click();
  await bare.locator("#t1").waitFor({ state: "attached" });
  assert.equal(await bare.locator(".turn").count(), 60);
});
