/** What people see and press on the chat page, for tests in a browser. */
import type { Page } from "playwright-core";

export const composer = (page: Page) =>
  page.getByRole("textbox", { name: "Message", exact: true });
export const thread = (page: Page) => page.getByRole("log", { name: "Thread" });
export const button = (page: Page, name: string) =>
  page.getByRole("button", { name, exact: true });

/** Writes a question and sends it. */
export async function askOn(page: Page, question: string): Promise<void> {
  await composer(page).fill(question);
  await composer(page).press("Enter");
}

/** Resolves when no answer is being written any more. */
export function answered(page: Page): Promise<void> {
  return button(page, "Send").waitFor();
}

/** Asks and waits for the end of the answer. */
export async function askToEnd(page: Page, question: string): Promise<void> {
  await askOn(page, question);
  await thread(page).getByText(question).first().waitFor();
  await answered(page);
}

/** Resolves when the thread holds the text. */
export function shows(page: Page, text: string): Promise<void> {
  return thread(page).getByText(text).first().waitFor();
}

/** Id of the thread on view. */
export function threadIdOf(page: Page): string {
  return new URL(page.url()).pathname.split("/").at(-1)!;
}
