/** The passages of documents under an answer, as people open them. */
import assert from "node:assert/strict";
import { newThread, startChat } from "../support/chat_client.ts";
import { askToEnd, button } from "../support/chat_page.ts";
import { projectWithDocument } from "../support/project_document.ts";
import {
  assertAccessible,
  assertNoSidewaysScroll,
  DESKTOP,
  PHONE,
  startBrowser,
} from "../support/browser.ts";

const GAUGE = "The gauge at Zwickau stands at 4.2 metres. It rises slowly.";

Deno.test("sources: they show after a live answer and again when the thread is opened, by keyboard, and lead to the document", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const { project, document } = await projectWithDocument(
    app,
    "gauges.txt",
    GAUGE,
  );
  const { id } = await newThread(app, { projectId: project.id });
  await using browser = await startBrowser();
  const { page, errors } = await browser.open(`${app.url}/c/${id}`, {
    viewport: PHONE,
    colorScheme: "dark",
  });
  await askToEnd(page, "How high is the gauge at Zwickau?");
  const sources = page.locator("summary", { hasText: "Sources (1)" });
  await sources.waitFor();
  await page.reload();
  let isCut = true;
  await page.route(
    "**/sources",
    (route) => isCut ? route.abort() : route.continue(),
  );
  await sources.focus();
  await page.keyboard.press("Enter");
  await page.getByText("The server could not be reached.").waitFor();
  isCut = false;
  await button(page, "Try again").focus();
  await page.keyboard.press("Enter");
  await page.getByText(GAUGE).waitFor();
  for (const viewport of [PHONE, DESKTOP]) {
    await page.setViewportSize(viewport);
    await assertNoSidewaysScroll(page, "sources");
  }
  await assertAccessible(page, "sources in the dark");
  await page.emulateMedia({ colorScheme: "light" });
  await assertAccessible(page, "sources");
  await page.getByRole("link", { name: "gauges.txt" }).press("Enter");
  await page.locator("#chunk-1").getByText(GAUGE).waitFor();
  assert.equal(new URL(page.url()).pathname, `/documents/${document.id}`);
  assert.deepEqual(
    errors.filter((error) => !error.includes("ERR_FAILED")),
    [],
  );
});
