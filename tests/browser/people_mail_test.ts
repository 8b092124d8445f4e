/** What people do by links in their mail: a new password, an invitation. A real mail server takes the mails. */
import assert from "node:assert/strict";
import { type SmtpRig, startSmtp } from "@/lib/mail/testing/smtp_rig.ts";
import { startBrowser } from "../support/browser.ts";
import { waitFor } from "../support/wait.ts";
import { DRESSES, lookAt, OWNER, signIn, startPeople } from "./people_rig.ts";

/** The name people know the server by, which only the browser of the test can resolve. */
const NAME = "chat.hydro.example";

/** Server, mail server and a browser that finds the server by its name. */
async function startMailed() {
  const stack = new AsyncDisposableStack();
  const smtp = stack.use(await startSmtp({ isPlain: true }));
  const app = stack.use(
    await startPeople({
      env: {
        PUBLIC_URL: `http://${NAME}`,
        SMTP_URL: `smtp://127.0.0.1:${smtp.port}`,
        MAIL_FROM: "Freshet <freshet@hydro.example>",
        FRESHET_SECRET: "a secret of the test that is long enough",
      },
    }),
  );
  const { port } = new URL(app.url);
  const browser = stack.use(
    await startBrowser([
      `--host-resolver-rules=MAP ${NAME}:80 127.0.0.1:${port}`,
    ]),
  );
  return {
    smtp,
    app,
    browser,
    url: `http://${NAME}`,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** The link in the mail to an address, once it is there. */
async function linkTo(smtp: SmtpRig, address: string): Promise<string> {
  const find = () =>
    smtp.mails.findLast(({ to, email }) =>
      to.includes(address) && /https?:\/\/\S+token=/.test(email.text ?? "")
    );
  await waitFor(`a mail to ${address}`, () => find() !== undefined);
  return /https?:\/\/\S+token=[\w-]+/.exec(find()!.email.text!)![0];
}

Deno.test("reset: without scripts a forgotten password is replaced by the link in a mail, once", async () => {
  await using rig = await startMailed();
  const { page } = await rig.browser.open(`${rig.url}/signin`, {
    javaScriptEnabled: false,
  });
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await page.getByRole("textbox", { name: "Email" }).fill(OWNER.email);
  await page.getByRole("button", { name: "Send link" }).click();
  await page.getByRole("heading", { name: "Look into your mail" }).waitFor();

  const link = await linkTo(rig.smtp, OWNER.email);
  await page.goto(link);
  await page.getByRole("textbox", { name: "New password" }).fill("short");
  await page.getByRole("button", { name: "Change password" }).click();
  assert.match(
    (await page.locator(".field-error").textContent())!,
    /at least 12 characters/,
  );
  const password = "a dry summer in the hills";
  await page.getByRole("textbox", { name: "New password" }).fill(password);
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByText("Your password is changed").waitFor();
  await signIn(page, { ...OWNER, password });
  assert.equal(page.url(), `${rig.url}/`);

  await page.goto(link);
  await page.getByRole("heading", { name: "This link is not valid" }).waitFor();
});

Deno.test("reset: the page is the same for an address that nobody has", async () => {
  await using rig = await startMailed();
  const { page } = await rig.browser.open(`${rig.url}/reset`);
  const seen: string[] = [];
  for (const email of [OWNER.email, "nobody@hydro.example"]) {
    await page.goto(`${rig.url}/reset`);
    await page.getByRole("textbox", { name: "Email" }).fill(email);
    await page.getByRole("button", { name: "Send link" }).click();
    await page.getByRole("heading", { name: "Look into your mail" }).waitFor();
    seen.push(await page.locator("main").innerText());
  }
  assert.equal(seen[0], seen[1]);
});

Deno.test("invitation: is mailed, and whoever has an account in another workspace joins by signing in", async () => {
  await using rig = await startMailed();
  const { page } = await rig.browser.open(
    `${rig.url}/signin?next=/admin/users`,
  );
  await signIn(page);
  const jo = { email: "jo@hydro.example", password: "the gauge at the bridge" };
  const invite = async () => {
    await page.goto(`${rig.url}/admin/users`);
    await page.getByRole("button", { name: "Invite", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Invite a person" });
    await dialog.getByLabel("Email").fill(jo.email);
    await dialog.getByRole("button", { name: "Invite" }).click();
    await page.getByText("The link is on its way by mail").waitFor();
    return await linkTo(rig.smtp, jo.email);
  };
  const stranger = (await rig.browser.open(await invite())).page;
  await stranger.getByRole("textbox", { name: "Name" }).fill("Jo");
  await stranger.getByRole("textbox", { name: "Password" }).fill(jo.password);
  await stranger.getByRole("button", { name: "Join" }).click();
  await stranger.getByRole("navigation", { name: "Navigation" }).waitFor();
  await stranger.context().close();

  await page.goto(`${rig.url}/workspaces`);
  await page.getByRole("form", { name: "New workspace" }).getByLabel("Name")
    .fill("Glaciers");
  await page.getByRole("button", { name: "Create workspace" }).click();
  await page.getByRole("main").getByRole("button", {
    name: "Switch to Glaciers",
  }).click();
  rig.smtp.mails.length = 0;
  const again = (await rig.browser.open(await invite())).page;
  await again.getByRole("heading", { name: "Join Glaciers" }).waitFor();
  await again.getByRole("textbox", { name: "Password" }).fill("not the one");
  await again.getByRole("button", { name: "Sign in and join" }).click();
  await again.getByText("Email and password do not match").waitFor();
  await again.getByRole("textbox", { name: "Password" }).fill(jo.password);
  await again.getByRole("button", { name: "Sign in and join" }).click();
  await again.getByRole("navigation", { name: "Navigation" }).waitFor();
  assert.match(
    (await again.locator(".account summary").textContent())!,
    /Glaciers/,
  );
});

Deno.test("reset: each state is accessible and fits, on desktop and phone, in light and dark", async () => {
  await using rig = await startMailed();
  const { page: asker } = await rig.browser.open(`${rig.url}/reset`);
  await asker.getByRole("textbox", { name: "Email" }).fill(OWNER.email);
  await asker.getByRole("button", { name: "Send link" }).click();
  const link = await linkTo(rig.smtp, OWNER.email);
  for (const [dress, options] of DRESSES) {
    for (
      const [name, path] of [
        ["reset", `${rig.url}/reset`],
        ["reset-asked", `${rig.url}/reset?asked=1`],
        ["reset-choose", link],
        ["reset-invalid", `${rig.url}/reset?token=none`],
      ]
    ) {
      const { page } = await rig.browser.open(path, options);
      await lookAt(page, `${name}-${dress}`);
      await page.context().close();
    }
  }
});
