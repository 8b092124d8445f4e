/** What the chat shows whose session has ended meanwhile, and how one comes back to it. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { startFakeUpstream } from "../support/fake_upstream.ts";
import { startBrowser } from "../support/browser.ts";
import { askOn, button, composer, shows } from "../support/chat_page.ts";
import { signedIn } from "../support/signed_in.ts";
import { lookAt, OWNER, signIn, startPeople } from "./people_rig.ts";

/** A server on which the owner has two sessions: this page, and a program that can end the page's. */
async function startSignedIn() {
  const upstream = await startFakeUpstream({});
  const app = await startPeople({
    env: { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: upstream.url },
  });
  const browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/signin`);
  await signIn(page);
  await page.waitForURL(`${app.url}/`);
  return {
    app,
    upstream,
    page,
    async endSession(): Promise<void> {
      const other = await signedIn(app, OWNER);
      const ended = await other.fetch("/api/sessions", { method: "DELETE" });
      assert.equal(ended.status, 204);
    },
    async [Symbol.asyncDispose]() {
      upstream.release();
      await browser[Symbol.asyncDispose]();
      await app.close();
      await upstream.close();
    },
  };
}

const callout = (page: Page) =>
  page.getByRole("alert").filter({ hasText: "You are signed out." });

Deno.test("signed out: the chat says so by itself, leads to the sign-in and back, and keeps the draft", async () => {
  await using rig = await startSignedIn();
  const { app, page } = rig;
  await askOn(page, "First question");
  await shows(page, "You said: First question");
  const thread = page.url();
  await composer(page).fill("A draft that stays");
  await rig.endSession();
  await callout(page).waitFor();
  await lookAt(page, "signed-out");
  await callout(page).getByRole("link", { name: "Sign in" }).click();
  await page.waitForURL(`${app.url}/signin?next=*`);
  await signIn(page);
  await page.waitForURL(thread);
  assert.equal(await composer(page).inputValue(), "A draft that stays");
  assert.equal(await callout(page).count(), 0);
});

Deno.test("signed out: in the middle of an answer it is said too, and the answer is there afterwards", async () => {
  await using rig = await startSignedIn();
  const { page, upstream } = rig;
  upstream.hold();
  await askOn(page, "How high?");
  await upstream.waitForChat(0);
  await button(page, "Stop answering").waitFor();
  await rig.endSession();
  await callout(page).waitFor();
  upstream.release();
  await callout(page).getByRole("link", { name: "Sign in" }).click();
  await signIn(page);
  await shows(page, "You said: How high?");
});

Deno.test("signed out: a question that is refused for it is kept, in words for a person, and sent after the sign-in", async () => {
  await using rig = await startSignedIn();
  const { app, page } = rig;
  await rig.endSession();
  await askOn(page, "Kept question");
  await shows(page, "Your question is kept here, not sent.");
  assert.equal(await page.getByText("API key").count(), 0);
  // Signed in again in another tab, this one goes on as it is.
  const other = await page.context().newPage();
  await other.goto(`${app.url}/signin`);
  await signIn(other);
  await other.waitForURL(`${app.url}/`);
  await button(page, "Retry").click();
  await shows(page, "You said: Kept question");
  await callout(page).waitFor({ state: "detached" });
});
