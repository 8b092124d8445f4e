/** A server on which people sign in, for the browser tests of its pages. */
import type { BrowserContextOptions, Page } from "playwright-core";
import { type AppOptions, startApp, type TestApp } from "../support/app.ts";
import {
  assertAccessible,
  assertNoSidewaysScroll,
  DESKTOP,
  PHONE,
} from "../support/browser.ts";

export const OWNER = {
  email: "mara@hydro.example",
  password: "a spring flood in May",
};

/** Set to a folder to keep a picture of every state there. */
const SHOTS = Deno.env.get("FRESHET_TEST_SHOTS");

/** Password mode with its first owner; without `owner` nobody is there yet. */
export function startPeople(
  { owner = true, ...options }: AppOptions & { owner?: boolean } = {},
): Promise<TestApp> {
  const first: Record<string, string> = owner
    ? {
      FRESHET_ADMIN_EMAIL: OWNER.email,
      FRESHET_ADMIN_PASSWORD: OWNER.password,
    }
    : {};
  return startApp({
    ...options,
    env: { FRESHET_AUTH: "password", ...first, ...options.env },
  });
}

/** Fills in the form at `/signin` and sends it. */
export async function signIn(
  page: Page,
  { email, password }: { email: string; password: string } = OWNER,
): Promise<void> {
  await page.getByRole("textbox", { name: "Email" }).fill(email);
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

export const DRESSES: [name: string, options: BrowserContextOptions][] = [
  ["desktop-light", { viewport: DESKTOP, colorScheme: "light" }],
  ["desktop-dark", { viewport: DESKTOP, colorScheme: "dark" }],
  ["phone-light", {
    viewport: PHONE,
    colorScheme: "light",
    hasTouch: true,
    isMobile: true,
  }],
  ["phone-dark", {
    viewport: PHONE,
    colorScheme: "dark",
    hasTouch: true,
    isMobile: true,
  }],
];

/** Checks a page as it is now, and keeps a picture where one is wanted. */
export async function lookAt(page: Page, name: string): Promise<void> {
  await assertAccessible(page, name);
  await assertNoSidewaysScroll(page, name);
  if (SHOTS === undefined) return;
  // The page scrolls inside itself, so a picture of all of it takes a window as high as it is.
  const size = page.viewportSize()!;
  const height = await page.evaluate(() => {
    const inner = document.querySelector(".page");
    return inner === null
      ? document.documentElement.scrollHeight
      : inner.scrollHeight + 80;
  });
  await page.setViewportSize({
    width: size.width,
    height: Math.max(height, size.height),
  });
  await page.screenshot({ path: `${SHOTS}/${name}.png` });
  await page.setViewportSize(size);
}
