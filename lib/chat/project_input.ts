/** What a caller may ask of a project, checked. */
import * as z from "zod";
import {
  DEFAULT_PROJECT_COLOR,
  PROJECT_COLORS,
} from "@/lib/shared/project_colors.ts";

export const MAX_PROJECT_NAME_CHARACTERS = 100;

/** Longest system prompt; as UTF-16 it fits into one value of the store. */
export const MAX_SYSTEM_PROMPT_CHARACTERS = 20_000;

const MAX_MODEL_CHARACTERS = 200;

const name = z.string().trim()
  .min(1, { error: "must not be empty" })
  .max(MAX_PROJECT_NAME_CHARACTERS, {
    error: `must have at most ${MAX_PROJECT_NAME_CHARACTERS} characters`,
  });

const color = z.union(
  [
    z.enum(PROJECT_COLORS),
    z.string().regex(/^#[0-9a-fA-F]{6}$/).transform((hex) => hex.toLowerCase()),
  ],
  { error: `must be #rrggbb or one of ${PROJECT_COLORS.join(", ")}` },
);

const systemPrompt = z.string().max(MAX_SYSTEM_PROMPT_CHARACTERS, {
  error: `must have at most ${
    MAX_SYSTEM_PROMPT_CHARACTERS.toLocaleString("en")
  } characters`,
});

const defaultModel = z.string().min(1).max(MAX_MODEL_CHARACTERS).nullable();

export const newProjectSchema = z.strictObject({
  name,
  color: color.default(DEFAULT_PROJECT_COLOR),
  systemPrompt: systemPrompt.default(""),
  defaultModel: defaultModel.default(null),
});

export const projectPatchSchema = z.strictObject({
  name: name.optional(),
  color: color.optional(),
  systemPrompt: systemPrompt.optional(),
  defaultModel: defaultModel.optional(),
});

export type NewProject = z.output<typeof newProjectSchema>;
export type ProjectPatch = z.output<typeof projectPatchSchema>;
