/** The forms of the page of limits, as they come without a script. */
import {
  limitPolicySchema,
  type LimitPolicySettings,
} from "@/lib/config/limits.ts";
import { toSettings } from "@/lib/limits/limit_view.ts";
import { AMOUNT_WORDS } from "@/lib/shared/limit_words.ts";
import type { State } from "@/utils.ts";
import { readSubject } from "./subject_names.ts";
import { acceptVersion, attemptForm, parseForm } from "./task_form.ts";

/** Thousands may be set apart as people write them. */
const SEPARATORS = /[ ,'’\u00a0\u202f]/g;

/** What the form says of a policy, in the shape that the API takes. */
async function toPolicyInput(
  state: State,
  form: URLSearchParams,
): Promise<Record<string, unknown>> {
  const text = (name: string) => form.get(name)?.trim() ?? "";
  const amounts = AMOUNT_WORDS.flatMap(({ field }) => {
    const typed = text(field).replaceAll(SEPARATORS, "");
    // What is no number stays as it is, for the schema to refuse.
    return typed === ""
      ? []
      : [[field, /^\d+$/.test(typed) ? Number(typed) : typed]];
  });
  return {
    ...(text("name") === "" ? {} : { name: text("name") }),
    subject: await readSubject(state, form),
    ...Object.fromEntries(amounts),
  };
}

async function change(
  { caller, services: { limitSettings } }: State,
  form: URLSearchParams,
  edit: (policies: readonly LimitPolicySettings[]) => LimitPolicySettings[],
): Promise<void> {
  await attemptForm(form, async () => {
    const { policies } = await limitSettings.edited(caller.workspace);
    await limitSettings.set(caller, edit(policies), acceptVersion(form));
  });
}

/**
 * Sets a policy in place of the one that was being changed, and of any for the same subject.
 * @throws {FormRefused} when it cannot be accepted
 */
export async function savePolicy(
  state: State,
  form: URLSearchParams,
): Promise<void> {
  const input = await toPolicyInput(state, form);
  const policy = toSettings(parseForm(limitPolicySchema, input, form));
  const before = form.get("before");
  await change(state, form, (policies) => [
    ...policies.filter(({ subject }) =>
      subject !== before && subject !== policy.subject
    ),
    policy,
  ]);
}

/** Removes a policy; one of the config file for the same subject holds again. */
export async function removePolicy(
  state: State,
  form: URLSearchParams,
): Promise<void> {
  const before = form.get("before");
  await change(
    state,
    form,
    (policies) => policies.filter(({ subject }) => subject !== before),
  );
}
