/** What a caller may ask of a task, checked. */
import * as z from "zod";
import { MAX_TASK_TAGS } from "@/lib/shared/tag_names.ts";
import { TASK_STATUSES } from "@/lib/shared/task_status.ts";
import { tagName } from "./tag_input.ts";

export const MAX_TASK_TITLE_CHARACTERS = 200;

/** Longest notes; as UTF-16 they fit into one value of the store. */
export const MAX_TASK_NOTES_CHARACTERS = 10_000;

const id = (prefix: string) =>
  z.string().regex(new RegExp(`^${prefix}_[0-9A-Za-z]{22}$`), {
    error: `must be an id that begins with ${prefix}_`,
  });

const title = z.string().trim()
  .min(1, { error: "must not be empty" })
  .max(MAX_TASK_TITLE_CHARACTERS, {
    error: `must have at most ${MAX_TASK_TITLE_CHARACTERS} characters`,
  });

const notes = z.string().max(MAX_TASK_NOTES_CHARACTERS, {
  error: `must have at most ${
    MAX_TASK_NOTES_CHARACTERS.toLocaleString("en")
  } characters`,
});

const tags = z.array(tagName).max(MAX_TASK_TAGS, {
  error: `must be at most ${MAX_TASK_TAGS} tags`,
});

const status = z.enum(TASK_STATUSES, {
  error: `must be one of ${TASK_STATUSES.join(", ")}`,
});

/** A moment with its offset (RFC 3339), kept in UTC. */
const dueAt = z.iso.datetime({
  offset: true,
  error: "must be a date and time with an offset, as 2026-11-30T17:00:00Z",
}).transform((text) => new Date(text).toISOString()).nullable();

export const newTaskSchema = z.strictObject({
  projectId: id("prj").nullable().default(null),
  title,
  notes: notes.default(""),
  tags: tags.default([]),
  status: status.default("todo"),
  dueAt: dueAt.default(null),
  threadId: id("thr").nullable().default(null),
});

export const taskPatchSchema = z.strictObject({
  projectId: id("prj").nullable().optional(),
  title: title.optional(),
  notes: notes.optional(),
  tags: tags.optional(),
  status: status.optional(),
  dueAt: dueAt.optional(),
  threadId: id("thr").nullable().optional(),
});

export type NewTask = z.output<typeof newTaskSchema>;
export type TaskPatch = z.output<typeof taskPatchSchema>;
