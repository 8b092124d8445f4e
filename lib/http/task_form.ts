/** The forms of the pages with tasks and projects, as they come without a script. */
import type * as z from "zod";
import { AppError } from "@/lib/errors.ts";
import { endOfDay, isTimeZone } from "@/lib/shared/due.ts";
import { readClock } from "@/lib/shared/clock.ts";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import { splitTagNames } from "@/lib/shared/tag_names.ts";

/** Largest form: the longest text of a project or task, percent-encoded. */
export const MAX_TEXT_FORM_BYTES = 400_000;

/** Where a form may lead back to: the pages that hold it, with what they show. */
const BACK = /^\/(tasks|projects\/prj_[0-9A-Za-z]{22})(\?[^\s\\]*)?$/;

/** The page to go back to. Anything else than a page of ours counts as `/tasks`. */
export function backPath(back: string | null): string {
  return back !== null && BACK.test(back) ? back : "/tasks";
}

/** `path` with one more parameter. */
export function withParameter(
  path: string,
  name: string,
  value: string,
): string {
  const [pathname, query = ""] = path.split("?", 2);
  const params = new URLSearchParams(query);
  params.set(name, value);
  return `${pathname}?${params}`;
}

/** Browsers send line breaks of a text area as CR LF. */
function text(form: URLSearchParams, name: string): string {
  return (form.get(name) ?? "").replaceAll("\r\n", "\n");
}

/** What the form says of a task, in the shape that the API takes. */
export function toTaskInput(form: URLSearchParams): Record<string, unknown> {
  const zone = form.get("timeZone") ?? "";
  const timeZone = isTimeZone(zone) ? zone : readClock().timeZone;
  const due = text(form, "due");
  return {
    title: text(form, "title"),
    projectId: text(form, "projectId") || null,
    notes: text(form, "notes"),
    tags: splitTagNames(text(form, "tags")),
    // What is no day stays as it is, for the schema to refuse.
    dueAt: due === "" ? null : endOfDay(due, timeZone) ?? due,
  };
}

/** What the form says of a project. */
export function toProjectInput(form: URLSearchParams): Record<string, unknown> {
  return {
    name: text(form, "name"),
    color: text(form, "color"),
    systemPrompt: text(form, "systemPrompt"),
    defaultModel: text(form, "defaultModel") || null,
  };
}

/** Thrown when a form cannot be accepted; the page shows it again with what was typed. */
export class FormRefused extends Error {
  override readonly name = "FormRefused";
  readonly status: number;
  readonly form: FormState;

  constructor(status: number, form: FormState) {
    super("Form was refused");
    this.status = status;
    this.form = form;
  }
}

/** First letter of a schema's message in upper case, as a sentence under a field begins. */
function sentence(message: string): string {
  return `${message[0].toUpperCase()}${message.slice(1)}`;
}

/** @throws {FormRefused} 400 with the error of each field */
export function parseForm<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  form: URLSearchParams,
): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const errors: Record<string, string> = {};
  for (const { path, message } of parsed.error.issues) {
    errors[String(path[0] ?? "")] ??= sentence(message);
  }
  throw new FormRefused(400, { values: valuesOf(form), errors });
}

/**
 * Runs what a form asks for.
 * @throws {FormRefused} with the sentence of an error that is meant for the caller
 */
export async function attemptForm<T>(
  form: URLSearchParams,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new FormRefused(error.status, {
      values: valuesOf(form),
      errors: { "": error.message },
    });
  }
}

/**
 * What a form that makes something is known by when it is sent twice. What it says is part of it: going
 * back in the browser and typing something else makes something else.
 */
export function formKey(form: URLSearchParams, input: unknown): string | null {
  const key = form.get("key");
  return key === null ? null : `form ${key} ${JSON.stringify(input)}`;
}

/** Refuses a form that was made from a version that is not there any more. */
export function acceptVersion(form: URLSearchParams) {
  return (version: number) => {
    if (form.get("version") === String(version)) return;
    throw new AppError({
      status: 412,
      code: "precondition_failed",
      message:
        "It was changed meanwhile. Save again to put yours in its place.",
    });
  };
}

function valuesOf(form: URLSearchParams): Record<string, string> {
  return { ...EMPTY_FORM.values, ...Object.fromEntries(form) };
}
