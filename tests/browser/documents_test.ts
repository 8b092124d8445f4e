/** Documents in a real browser: dropped, followed while they are read, over a cut line, and without scripts. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Document, Page as ListPage } from "@/lib/shared/wire.ts";
import { startApp, type TestApp } from "../support/app.ts";
import {
  assertAccessible,
  assertNoSidewaysScroll,
  DESKTOP,
  PHONE,
  startBrowser,
} from "../support/browser.ts";
import { waitFor } from "../support/wait.ts";

const ROWS = 5_000;

const TABLE = `id,gauge,level\n${
  Array.from({ length: ROWS }, (_, n) => `${n},Gauge ${n % 50},${n % 97 / 10}`)
    .join("\n")
}\n`;

const FILE = {
  name: "levels.csv",
  mimeType: "text/csv",
  buffer: Buffer.from(TABLE),
};

async function newest(app: TestApp): Promise<Document | null> {
  const list: ListPage<Document> = await (await app.fetch("/api/documents"))
    .json();
  return list.items[0] ?? null;
}

Deno.test("documents page: a file is uploaded over a line that is cut, read before one's eyes, and shown with its columns", async () => {
  await using app = await startApp();
  await using browser = await startBrowser();
  const { page, errors } = await browser.open(`${app.url}/documents`);
  await page.getByRole("heading", { name: "No documents yet" }).waitFor();
  await page.getByText("Or drop files here").waitFor();
  await assertAccessible(page, "empty");
  let cuts = 0;
  await page.route("**/upload", async (route) => {
    const isCut = route.request().method() === "PATCH" && cuts === 0;
    if (!isCut) return await route.continue();
    cuts += 1;
    await route.abort("connectionreset");
  });
  await page.getByLabel("File").setInputFiles(FILE);
  await page.getByRole("button", { name: "Upload" }).click();
  const row = page.getByRole("listitem").filter({ hasText: "levels.csv" });
  await row.getByText("Ready").waitFor();
  assert.equal(cuts, 1);
  assert.match(await row.textContent() ?? "", /CSV, .+, 5,000 rows/);
  await row.getByRole("link", { name: "levels.csv" }).click();
  await page.getByRole("rowheader", { name: "gauge" }).waitFor();
  for (const viewport of [DESKTOP, PHONE]) {
    await page.setViewportSize(viewport);
    await assertNoSidewaysScroll(page, "one document");
  }
  await assertAccessible(page, "one document");
  await page.getByLabel("Search in this document").fill("gauge 49");
  await page.getByRole("button", { name: "Search" }).click();
  await page.locator("mark").first().waitFor();
  await page.goBack();
  await page.goto(`${app.url}/documents`);
  page.once("dialog", (dialog) => dialog.accept());
  await page.getByRole("button", { name: "Delete: levels.csv" }).click();
  await page.getByRole("heading", { name: "No documents yet" }).waitFor();
  assert.deepEqual(
    errors.filter((error) => !error.includes("ERR_CONNECTION_RESET")),
    [],
  );
});

Deno.test("documents page: an upload that rests says how it goes on, and its page shows what came of it", async () => {
  await using app = await startApp();
  const created = await app.post("/api/documents", {
    name: FILE.name,
    size: FILE.buffer.length,
  });
  const { id }: Document = await created.json();
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/documents`);
  await page.getByText("Or drop files here").waitFor();
  const shifted = await page.evaluate(() =>
    new Promise<number>((resolve) => {
      new PerformanceObserver((list) => {
        // deno-lint-ignore no-explicit-any -- the types of the DOM leave it out
        const values = list.getEntries().map((entry: any) => entry.value);
        resolve(values.reduce((sum, value) => sum + value, 0));
      }).observe({ type: "layout-shift", buffered: true });
      setTimeout(() => resolve(0), 300);
    })
  );
  assert.ok(shifted < 0.001, `what is there moved by ${shifted}`);
  const row = page.getByRole("listitem").filter({ hasText: FILE.name });
  await row.getByText("Choose the same file again to go on").waitFor();
  await row.getByRole("link", { name: FILE.name }).click();
  await page.getByText("Nothing of it can be found yet").waitFor();
  await page.getByText("After 24 hours it is given up").waitFor();
  // The page follows before the rest of the file comes.
  await page.waitForFunction(() =>
    performance.getEntriesByType("resource")
      .some(({ name }) => name.includes("live_client"))
  );
  const sent = await app.fetch(`/api/documents/${id}/upload`, {
    method: "PATCH",
    headers: {
      "content-type": "application/offset+octet-stream",
      "upload-offset": "0",
    },
    body: FILE.buffer,
  });
  assert.equal(sent.status, 204);
  await page.getByRole("rowheader", { name: "gauge" }).waitFor();
  await page.getByRole("button", { name: /^Read again/ }).waitFor();
});

Deno.test("documents page: without scripts a file is uploaded, found, given to a project and deleted", async () => {
  await using app = await startApp();
  await app.post("/api/projects", { name: "River" });
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/documents`, {
    javaScriptEnabled: false,
    viewport: PHONE,
    colorScheme: "dark",
  });
  await page.getByLabel("File").setInputFiles(FILE);
  await page.getByRole("button", { name: "Upload" }).click();
  await waitFor("it to be read", async () => {
    const document = await newest(app);
    return document?.state === "ready";
  });
  await page.reload();
  await assertNoSidewaysScroll(page, "list");
  await page.getByLabel("Search in documents").fill("gauge 7");
  await page.getByRole("button", { name: "Search" }).click();
  await page.locator("mark").first().waitFor();
  await page.getByRole("link", { name: "levels.csv" }).first().click();
  await page.getByLabel("Project", { exact: true }).selectOption("River");
  await page.getByRole("button", { name: "Save" }).click();
  await page.goto(`${app.url}/projects`);
  await page.getByRole("link", { name: "River" }).first().click();
  await page.getByRole("button", { name: "Take out: levels.csv" }).click();
  await page.getByText("There are none yet.").waitFor();
  await page.goto(`${app.url}/documents`);
  await page.getByRole("button", { name: "Delete: levels.csv" }).click();
  await page.getByRole("heading", { name: "No documents yet" }).waitFor();
});
