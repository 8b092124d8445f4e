/** What the page of settings is made of: sections that know nothing of each other. */
import type { Context } from "fresh";
import type { VNode } from "preact";
import type { FormState } from "@/lib/shared/form_state.ts";
import type { State } from "@/utils.ts";

/** What became of a form of the section, when the answer is this page itself. */
export interface SectionAnswer {
  /** Status of the page; 200 unless the form was refused. */
  status: number;
  /** Name of the form, its field `action`. */
  action: string;
  /** What was typed and what is wrong with it; `EMPTY_FORM` when nothing is. */
  form: FormState;
  /** What is shown this once, such as a new key. */
  shown?: unknown;
}

/** What a section draws; each part is called while the page is rendered. */
export interface SectionParts {
  body(): VNode;
  /** Buttons at the end of the line with the title. */
  tools?(): VNode;
}

/**
 * One section of `/settings`. Its view is a component of the same name in `components/settings/`; its
 * forms are sent to `/settings` by POST with the fields `section` (the id) and `action`.
 */
export interface SettingsSection {
  /** Its anchor on the page, and the field `section` of its forms. */
  id: string;
  title: string;
  /** Whether this viewer has it; without it everyone has. */
  isShown?(state: State): boolean;
  /**
   * Loads what the section shows.
   * @param answer what one of its forms was answered with, or null
   */
  load(
    ctx: Context<State>,
    answer: SectionAnswer | null,
  ): Promise<SectionParts> | SectionParts;
  /**
   * Does what a form asks for.
   * @returns a response to send as it is (as a rule `ctx.redirect("/settings?done=…#id", 303)`), or what
   * the page shows in answer
   * @throws {FormRefused} when what was typed cannot be accepted; the page shows the form again
   */
  act?(
    ctx: Context<State>,
    form: URLSearchParams,
  ): Promise<Response | SectionAnswer>;
}
