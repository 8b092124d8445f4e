/** One's own data in a real browser: taken along, deleted, and an account that ends; and retention. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import type { TestApp } from "../support/app.ts";
import {
  type OpenPage,
  startBrowser,
  type TestBrowser,
} from "../support/browser.ts";
import { readZip } from "../support/read_zip.ts";
import { waitFor } from "../support/wait.ts";
import { DRESSES, lookAt, OWNER, signIn, startPeople } from "./people_rig.ts";

const JO = {
  email: "jo@hydro.example",
  password: "the gauge at the old bridge",
};

async function makeJo(app: TestApp): Promise<string> {
  const { users } = app.services;
  const owner = await users.findByEmail(OWNER.email);
  const user = await users.create(
    {
      mode: "password",
      workspace: FIRST_WORKSPACE,
      user: owner!.id,
      role: "owner",
      isOperator: true,
      groups: [],
      key: null,
      session: null,
      address: "127.0.0.1",
    },
    FIRST_WORKSPACE,
    { ...JO, role: "member", groups: [] },
  );
  return user.id;
}

async function openAs(
  app: TestApp,
  browser: TestBrowser,
  who: { email: string; password: string },
  path: string,
  options: Parameters<TestBrowser["open"]>[1] = {},
): Promise<OpenPage> {
  const next = new URLSearchParams({ next: path });
  const opened = await browser.open(`${app.url}/signin?${next}`, options);
  await signIn(opened.page, who);
  await opened.page.waitForURL(app.url + path);
  return opened;
}

const section = (page: Page) => page.locator("section#data");

Deno.test("your data: is downloaded, and deleted after a second thought", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const user = await makeJo(app);
  const { page, errors } = await openAs(app, browser, JO, "/settings");
  const made = await page.evaluate(async () => {
    const response = await fetch("/api/threads", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ title: "Flood of 1954" }),
      signal: AbortSignal.timeout(10_000),
    });
    return response.status;
  });
  assert.equal(made, 201);

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    section(page).getByRole("link", { name: "Download your data" }).click(),
  ]);
  assert.match(download.suggestedFilename(), new RegExp(`${user}\\.zip$`));
  const files = await readZip(
    new Uint8Array(await Deno.readFile(await download.path())),
  );
  assert.match(files.get("threads.jsonl")!, /Flood of 1954/);

  await section(page).getByText("Delete your data", { exact: true }).click();
  await section(page).getByRole("button", { name: "Delete all my data" })
    .click();
  await page.waitForURL(`${app.url}/settings#data`);
  await waitFor("the threads to go", async () => {
    await page.goto(app.url);
    return await page.getByText("Flood of 1954").count() === 0;
  });
  assert.deepEqual(errors, []);
});

Deno.test("your data: without scripts an account ends with its password", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  await makeJo(app);
  const { page } = await openAs(app, browser, JO, "/settings", {
    javaScriptEnabled: false,
  });
  const password = page.getByLabel("Your password");
  const end = page.getByRole("button", { name: "Delete my account" });
  await section(page).getByText("Delete your account", { exact: true }).click();
  await password.fill("not it at all");
  await end.click();
  // The form is still open, and says what is wrong.
  await page.getByText("This is not your password.").waitFor();
  await password.fill(JO.password);
  await end.click();
  await page.getByText("Your account is deleted").waitFor();
  await signIn(page, JO);
  await page.getByText("Email and password do not match").waitFor();
});

Deno.test("retention: an owner says how long threads are kept, and everyone can read it", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  await makeJo(app);
  const { page } = await openAs(app, browser, OWNER, "/admin/settings");
  const days = page.getByLabel("Days that threads are kept");
  await days.fill("soon");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Must be a whole number of days").waitFor();
  assert.equal(await days.inputValue(), "soon");
  await days.fill("90");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Saved").waitFor();
  const jo = (await openAs(app, browser, JO, "/settings")).page;
  await jo.getByText("nobody touches for 90 days").waitFor();
  await days.fill("");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.waitForURL(`${app.url}/admin/settings?saved`);
  assert.equal(await days.inputValue(), "");
});

Deno.test("your data and retention: look right and are accessible in every dress", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  for (const [dress, options] of DRESSES) {
    const { page, errors } = await openAs(
      app,
      browser,
      OWNER,
      "/settings",
      options,
    );
    await section(page).getByText("Delete your data", { exact: true }).click();
    await section(page).getByText("Delete your account", { exact: true })
      .click();
    await lookAt(page, `your-data-${dress}`);
    await page.goto(`${app.url}/admin/settings`);
    await lookAt(page, `retention-${dress}`);
    assert.deepEqual(errors, []);
  }
});
