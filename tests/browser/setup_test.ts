/** The first owner of a server, by the link of its log. */
import assert from "node:assert/strict";
import { startBrowser } from "../support/browser.ts";
import { DRESSES, lookAt, OWNER, startPeople } from "./people_rig.ts";

async function setupPath(
  app: Awaited<ReturnType<typeof startPeople>>,
): Promise<string> {
  const link = await app.services.firstOwner.setupLink(app.url);
  assert.ok(link !== null);
  return link;
}

Deno.test("setup: without scripts whoever has the link becomes the owner and is in; the link is used up", async () => {
  await using app = await startPeople({ owner: false });
  await using browser = await startBrowser();
  const link = await setupPath(app);
  const { page } = await browser.open(link, { javaScriptEnabled: false });
  await page.getByRole("textbox", { name: "Email" }).fill(OWNER.email);
  await page.getByRole("textbox", { name: "Name" }).fill("Mara");
  await page.getByRole("textbox", { name: "Password" }).fill("too short");
  await page.getByRole("button", { name: "Become the owner" }).click();
  assert.match(
    (await page.locator(".field-error").textContent())!,
    /at least 12 characters/,
  );
  assert.equal(
    await page.getByRole("textbox", { name: "Name" }).inputValue(),
    "Mara",
  );
  await page.getByRole("textbox", { name: "Password" }).fill(OWNER.password);
  await page.getByRole("button", { name: "Become the owner" }).click();
  assert.equal(page.url(), `${app.url}/`);
  await page.getByText(OWNER.email).waitFor();

  const later = await browser.open(link);
  await later.page.getByRole("heading", { name: "This server is set up" })
    .waitFor();
  await later.page.getByRole("link", { name: "Go to sign in" }).click();
  await later.page.getByRole("button", { name: "Sign in" }).waitFor();
});

Deno.test("setup: a foreign link says so, and where a valid one is", async () => {
  await using app = await startPeople({ owner: false });
  await using browser = await startBrowser();
  const response = await app.fetch("/setup?token=of-another-server");
  assert.equal(response.status, 404);
  assert.match(await response.text(), /This setup link is not valid/);
  const { page } = await browser.open(`${app.url}/setup`);
  await page.getByText("The log of this server has a valid one").waitFor();
});

Deno.test("setup: is accessible and fits, on desktop and phone, in light and dark", async () => {
  await using app = await startPeople({ owner: false });
  await using browser = await startBrowser();
  const link = await setupPath(app);
  for (const [dress, options] of DRESSES) {
    const { page, errors } = await browser.open(link, options);
    await lookAt(page, `setup-${dress}`);
    assert.deepEqual(errors, [], dress);
    await page.goto(`${app.url}/setup?token=none`);
    await lookAt(page, `setup-invalid-${dress}`);
    await page.context().close();
  }
});
