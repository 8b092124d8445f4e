/** What a caller may ask of a tag, checked. */
import * as z from "zod";
import {
  isTagName,
  MAX_TAG_CHARACTERS,
  tidyTagName,
} from "@/lib/shared/tag_names.ts";

/** A tag's name, tidied. */
export const tagName = z.string().transform(tidyTagName).refine(isTagName, {
  error:
    `must have 1 to ${MAX_TAG_CHARACTERS} characters, without commas and line breaks`,
});

export const newTagSchema = z.strictObject({ name: tagName });

export type NewTag = z.output<typeof newTagSchema>;
