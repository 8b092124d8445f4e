/** The form of `/admin/prices` that has a price file taken. */
import { storedCaller } from "@/lib/auth/stored_callers.ts";
import { AppError } from "@/lib/errors.ts";
import type { State } from "@/utils.ts";
import { FormRefused } from "./task_form.ts";

/** Largest form: the longest text that a job holds, percent-encoded. */
export const MAX_IMPORT_FORM_BYTES = 80_000;

/**
 * Begins the import that a form asks for.
 * @returns page of its job, which tells what came of it
 * @throws {FormRefused} when it cannot be begun
 */
export async function importPrices(
  { caller, services: { jobs }, space }: State,
  form: URLSearchParams,
): Promise<string> {
  const text = (form.get("text") ?? "").trim();
  const url = (form.get("url") ?? "").trim();
  const refuse = (status: number, message: string) =>
    new FormRefused(status, {
      values: { text, url },
      errors: { import: message },
    });
  if ((text === "") === (url === "")) {
    throw refuse(400, "Give either the text of a file or its address.");
  }
  try {
    const { job } = await jobs.enqueue(space, {
      kind: "prices.import",
      input: text === "" ? { url } : { text },
      askedBy: storedCaller(caller),
    });
    return `/jobs/${job.id}`;
  } catch (error) {
    if (!(error instanceof AppError) || error.status >= 500) throw error;
    throw refuse(
      error.status,
      text === ""
        ? "The address must begin with http:// or https://."
        : error.errors?.[0]?.message ?? error.message,
    );
  }
}
