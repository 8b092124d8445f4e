/** Signing in and out in a real browser: by keys alone, with scripts and without, in every dress. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { startBrowser } from "../support/browser.ts";
import { waitFor } from "../support/wait.ts";
import { DRESSES, lookAt, OWNER, signIn, startPeople } from "./people_rig.ts";

const path = (page: Page) =>
  page.url().slice(new URL(page.url()).origin.length);

/** Wrong passwords until the next one has to wait. */
async function failUntilWait(page: Page): Promise<void> {
  while (await page.getByRole("timer").count() === 0) {
    await signIn(page, { ...OWNER, password: "not the password at all" });
    await page.getByRole("alert").or(page.locator(".field-error")).waitFor();
  }
}

Deno.test("sign-in: keys alone lead in, to the page that was asked for", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const { page, errors } = await browser.open(`${app.url}/tasks?status=done`);
  assert.equal(path(page), "/signin?next=%2Ftasks%3Fstatus%3Ddone");
  // The email has the focus from the start.
  await page.keyboard.type(OWNER.email);
  await page.keyboard.press("Tab");
  await page.keyboard.type(OWNER.password);
  await page.keyboard.press("Enter");
  await page.getByRole("navigation", { name: "Navigation" }).waitFor();
  assert.equal(path(page), "/tasks?status=done");
  assert.deepEqual(errors, []);
});

Deno.test("sign-in: without scripts a wrong password says how many tries are left and keeps the email", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/signin?next=/projects`, {
    javaScriptEnabled: false,
  });
  await signIn(page, { ...OWNER, password: "not the password" });
  const password = page.getByRole("textbox", { name: "Password" });
  assert.equal(
    await page.locator(".field-error").textContent(),
    "Email and password do not match. Four more tries before a wait of one minute.",
  );
  assert.equal(await password.getAttribute("aria-invalid"), "true");
  assert.equal(await password.inputValue(), "");
  assert.equal(
    await page.getByRole("textbox", { name: "Email" }).inputValue(),
    OWNER.email,
  );
  await password.fill(OWNER.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  assert.equal(path(page), "/projects");
});

Deno.test("sign-in: too many tries show a wait that counts down", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/signin`);
  await failUntilWait(page);
  const timer = page.getByRole("timer");
  const first = await timer.textContent();
  assert.match(first!, /^Try again in (1 min|\d+ s)\.$/);
  await waitFor(
    "the clock to move",
    async () => await timer.textContent() !== first,
  );
  await signIn(page);
  await page.getByText("Too many tries").waitFor();
  assert.equal(path(page), "/signin");
});

Deno.test("sign-in: leads nowhere but to this server", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  for (
    const next of [
      "//evil.example/x",
      "https://evil.example",
      "/\\evil.example",
      "javascript:alert(1)",
      "/signin",
    ]
  ) {
    const { page } = await browser.open(
      `${app.url}/signin?${new URLSearchParams({ next })}`,
    );
    await signIn(page);
    await page.getByRole("navigation", { name: "Navigation" }).waitFor();
    assert.equal(page.url(), `${app.url}/`, next);
    await page.context().close();
  }
});

Deno.test("sign-in: the password can be looked at", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/signin`);
  const password = page.locator("#password");
  await password.fill("what I typed");
  await page.getByRole("button", { name: "Show" }).click();
  assert.equal(await password.getAttribute("type"), "text");
  await page.getByRole("button", { name: "Hide" }).click();
  assert.equal(await password.getAttribute("type"), "password");
  assert.equal(await password.inputValue(), "what I typed");
});

Deno.test("sign-in: a button that is pressed twice sends the form once", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/signin`);
  await page.getByRole("button", { name: "Show" }).waitFor();
  await page.getByRole("textbox", { name: "Email" }).fill(OWNER.email);
  await page.getByRole("textbox", { name: "Password" }).fill(OWNER.password);
  const seen = await page.getByRole("button", { name: "Sign in" }).evaluate(
    (button: HTMLButtonElement) => {
      const held: boolean[] = [];
      addEventListener("submit", (event) => held.push(event.defaultPrevented));
      button.click();
      button.click();
      return { held, busy: button.getAttribute("aria-busy") };
    },
  );
  assert.deepEqual(seen, { held: [false, true], busy: "true" });
  await page.getByRole("navigation", { name: "Navigation" }).waitFor();
});

Deno.test("sign-in: the page says that plain http can be read, and where the setup link is", async () => {
  await using app = await startPeople({ owner: false });
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/signin`);
  await page.getByText("This connection is plain http").waitFor();
  await page.getByText("setup link in the server’s log").waitFor();
});

Deno.test("sign-in: an identity provider is named by its host, and gets the page to come back to", async () => {
  await using app = await startPeople({
    env: {
      FRESHET_AUTH: "oidc",
      OIDC_ISSUER: "https://login.hydro.example/realms/staff",
      OIDC_CLIENT_ID: "freshet",
      FRESHET_SECRET: "a secret of the test that is long enough",
    },
  });
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/signin?next=/tasks`);
  const link = page.getByRole("link", {
    name: "Continue with login.hydro.example",
  });
  assert.equal(
    await link.getAttribute("href"),
    "/auth/oidc/start?next=%2Ftasks",
  );
  await page.goto(`${app.url}/signin?error=oidc_denied`);
  await page.getByText("did not let you in").waitFor();
  await page.goto(`${app.url}/signin?error=%3Cscript%3E`);
  await page.getByText("Signing in did not succeed").waitFor();
});

Deno.test("sign-out: ends the session; a page asked for afterwards leads to the sign-in", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/signin`, {
    javaScriptEnabled: false,
  });
  await signIn(page);
  const cookies = await page.context().cookies();
  await page.getByText(OWNER.email).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("You are signed out").waitFor();
  assert.deepEqual(await page.context().cookies(), []);
  // Whoever kept the cookie gets nothing for it.
  await page.context().addCookies(cookies);
  await page.goto(`${app.url}/settings`);
  assert.equal(path(page), "/signin?next=%2Fsettings");
});

Deno.test("sign-in: each state is accessible and fits, on desktop and phone, in light and dark", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  for (const [dress, options] of DRESSES) {
    const { page, errors } = await browser.open(
      `${app.url}/signin?done=out`,
      options,
    );
    await lookAt(page, `signin-${dress}`);
    await signIn(page, {
      email: `${dress}@x.example`,
      password: "not the password",
    });
    await page.locator(".field-error").waitFor();
    await lookAt(page, `signin-refused-${dress}`);
    await page.goto(`${app.url}/signin?error=oidc_denied`);
    await page.getByRole("alert").waitFor();
    await lookAt(page, `signin-provider-${dress}`);
    // The browser itself reports a page that answers 401.
    assert.equal(errors.length, 1, `${dress}: ${errors.join("\n")}`);
    await page.context().close();
  }
  const { page } = await browser.open(`${app.url}/signin`, DRESSES[2][1]);
  await failUntilWait(page);
  await lookAt(page, "signin-wait");
});
