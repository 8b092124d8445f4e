/** What a caller may ask of threads, checked. */
import * as z from "zod";
import { invalidRequest } from "@/lib/errors.ts";
import { isId } from "@/lib/shared/ids.ts";
import { isTagName, tidyTagName } from "@/lib/shared/tag_names.ts";
import { tagName } from "./tag_input.ts";

export const MAX_TITLE_CHARACTERS = 200;
/** Tags that one thread may carry. */
export const MAX_THREAD_TAGS = 20;
const MAX_MODEL_CHARACTERS = 200;

/** One line of text: line breaks and other controls become spaces, half a character its replacement. */
function toLine(text: string): string {
  // deno-lint-ignore no-control-regex -- these are what is taken out
  return text.toWellFormed().replace(/[\u0000-\u001f\u007f-\u009f\s]+/g, " ");
}

const title = z.string().overwrite(toLine).trim()
  .min(1, { error: "must not be empty" })
  .max(MAX_TITLE_CHARACTERS, {
    error: `must have at most ${MAX_TITLE_CHARACTERS} characters`,
  });

const model = z.string().min(1).max(MAX_MODEL_CHARACTERS);

const id = (prefix: "prj" | "msg") =>
  z.string().refine((text) => isId(prefix, text), {
    error: `must be an id that begins with ${prefix}_`,
  });

const tags = z.array(tagName).max(MAX_THREAD_TAGS, {
  error: `must have at most ${MAX_THREAD_TAGS} tags`,
});

export const newThreadSchema = z.strictObject({
  title: title.optional(),
  model: model.optional(),
  projectId: id("prj").nullable().optional(),
  temporary: z.boolean().optional(),
});

export const threadPatchSchema = z.strictObject({
  title: title.optional(),
  model: model.nullable().optional(),
  projectId: id("prj").nullable().optional(),
  tags: tags.optional(),
  pinned: z.boolean().optional(),
  archived: z.boolean().optional(),
  headMessageId: id("msg").optional(),
});

export type NewThread = z.output<typeof newThreadSchema>;
export type ThreadPatch = z.output<typeof threadPatchSchema>;

/** Which threads a list shows; null where it does not matter. */
export interface ThreadQuery {
  archived: boolean | null;
  pinned: boolean | null;
  projectId: string | null;
  /** Name of a tag. */
  tag: string | null;
}

/** What a list shows unless told otherwise. */
export const UNARCHIVED: ThreadQuery = {
  archived: false,
  pinned: null,
  projectId: null,
  tag: null,
};

/**
 * Reads which threads a list is to show: `archived` (false unless told; `all` for both), `pinned`,
 * `projectId` and `tag`.
 * @throws {AppError} 400 `invalid_request` for values that mean nothing
 */
export function readThreadQuery(query: URLSearchParams): ThreadQuery {
  const archived = oneOf(query, "archived", ["false", "true", "all"]);
  const pinned = oneOf(query, "pinned", ["false", "true"]);
  const project = query.get("projectId");
  if (project !== null && !isId("prj", project)) {
    throw invalidRequest("projectId", "must be an id that begins with prj_");
  }
  const tag = query.get("tag");
  if (tag !== null && !isTagName(tidyTagName(tag))) {
    throw invalidRequest("tag", "must be the name of a tag");
  }
  return {
    archived: archived === "all" ? null : archived === "true",
    pinned: pinned === null ? null : pinned === "true",
    projectId: project,
    tag,
  };
}

function oneOf(
  query: URLSearchParams,
  name: string,
  values: string[],
): string | null {
  const value = query.get(name);
  if (value === null || values.includes(value)) return value;
  throw invalidRequest(name, `must be one of ${values.join(", ")}`);
}
