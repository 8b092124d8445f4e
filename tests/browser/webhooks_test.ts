/** Webhooks in a real browser: made, tested, read, sent again, in light and dark, wide and narrow. */
import assert from "node:assert/strict";
import { startReceiver, verify } from "@/lib/webhooks/testing/receiver.ts";
import type { Webhook } from "@/lib/shared/wire.ts";
import { startApp } from "../support/app.ts";
import { DESKTOP, PHONE, startBrowser } from "../support/browser.ts";
import { waitFor } from "../support/wait.ts";
import { lookAt } from "./people_rig.ts";

const LOOPBACK = { outgoing: { allow: ["127.0.0.0/8"] } };

Deno.test("webhooks: a bad address is refused, a good one is made, tested and followed as it goes on", async () => {
  await using receiver = startReceiver();
  await using app = await startApp({ configFile: LOOPBACK });
  await using browser = await startBrowser();
  const { page, errors } = await browser.open(`${app.url}/settings#webhooks`);
  const section = page.locator("section#webhooks");
  await section.getByRole("heading", { name: "No webhooks yet" }).waitFor();
  await page.getByRole("button", { name: "New webhook" }).click();
  const form = page.getByRole("form", { name: "New webhook" });
  await form.getByRole("textbox", { name: "Address" }).fill("http://10.0.0.1/");
  await form.getByRole("button", { name: "Create webhook" }).click();
  await form.getByText("not on the public internet").waitFor();
  await form.getByRole("textbox", { name: "Address" }).fill(receiver.url);
  await form.getByRole("textbox", { name: "Events" }).fill("thread.*, run.*");
  await form.getByRole("button", { name: "Create webhook" }).click();
  const secret = (await section.locator(".keytext").textContent())!;
  await section.getByRole("link", { name: `127.0.0.1:${receiver.port}` })
    .click();
  assert.ok(!(await page.content()).includes(secret));
  await page.getByRole("heading", { name: "Nothing sent yet" }).waitFor();
  await page.getByRole("button", { name: "Send test" }).click();
  await page.getByText("Test sent").waitFor();
  const row = page.getByRole("listitem").filter({ hasText: "webhook.test" });
  await row.getByText("Delivered").waitFor();
  verify(secret, receiver.received[0]);
  await app.post("/api/threads", { title: "Levels" });
  await page.getByText("thread.created").waitFor();
  await row.getByRole("button", { name: "Send webhook.test again" }).click();
  await waitFor(
    "the repeat",
    () => receiver.of("/", "webhook.test").length > 1,
  );
  const ids = receiver.of("/", "webhook.test").map(({ id }) => id);
  assert.equal(new Set(ids).size, 1);
  assert.deepEqual(errors.filter((text) => !text.includes("400")), []);
});

Deno.test("webhooks: every page of theirs is fit to look at, and works without scripts", async () => {
  await using receiver = startReceiver(({ path }) =>
    path === "/bad"
      ? new Response("<h1>Out of order</h1>", { status: 500 })
      : new Response("thanks")
  );
  await using app = await startApp({ configFile: LOOPBACK });
  const make = async (body: Record<string, unknown>): Promise<Webhook> =>
    await (await app.post("/api/webhooks", body)).json();
  const bad = await make({
    url: `${receiver.url}/bad`,
    description: "Notes of the office",
  });
  const off = await make({
    url: "https://hooks.example.org/a/path/that/is/rather/long/and/goes/on",
    events: ["budget.*", "job.dead", "run.interrupted"],
    enabled: false,
  });
  await make({ url: `${receiver.url}/all`, scope: "workspace" });
  for (let count = 0; count < 3; count += 1) {
    await app.post("/api/threads", { title: "Levels" });
  }
  await waitFor("the failures", () => receiver.of("/bad").length >= 3);
  await using browser = await startBrowser();
  const looks = [
    ["wide-light", { viewport: DESKTOP, colorScheme: "light" }, {
      failing: `/webhooks/${bad.id}`,
      workspace: "/admin/webhooks",
    }],
    ["narrow-dark", { viewport: PHONE, colorScheme: "dark" }, {
      failing: `/webhooks/${bad.id}`,
      off: `/webhooks/${off.id}`,
      events: "/admin/events?type=thread.*",
    }],
  ] as const;
  for (const [dress, options, pages] of looks) {
    const { page } = await browser.open("about:blank", options);
    for (const [name, path] of Object.entries(pages)) {
      await page.goto(`${app.url}${path}`);
      const rows = page.locator("details:not(.confirm) > summary");
      if (await rows.count() > 0) await rows.first().click();
      await lookAt(page, `webhooks-${name}-${dress}`);
    }
  }
  const { page } = await browser.open(`${app.url}/admin/events`, {
    javaScriptEnabled: false,
  });
  const before = receiver.of("/all").length;
  const row = page.getByRole("row").filter({ hasText: "thread.created" })
    .first();
  await row.locator("summary").click();
  await row.getByRole("button", { name: "Send this again" }).click();
  await page.getByText("On its way again").waitFor();
  await waitFor("the repeat", () => receiver.of("/all").length > before);
});
