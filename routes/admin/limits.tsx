import { type Context, page } from "fresh";
import { AdminPage } from "@/components/admin/AdminPage.tsx";
import { Icon } from "@/components/Icon.tsx";
import { EffectiveFor } from "@/components/limits/EffectiveFor.tsx";
import { PolicyDialog } from "@/components/limits/PolicyDialog.tsx";
import { PolicyForm } from "@/components/limits/PolicyForm.tsx";
import { PolicyTable } from "@/components/limits/PolicyTable.tsx";
import { SubjectChoices } from "@/components/limits/SubjectFields.tsx";
import { AppError } from "@/lib/errors.ts";
import { effectiveView } from "@/lib/http/effective_limits.ts";
import { readForm } from "@/lib/http/form.ts";
import { removePolicy, savePolicy } from "@/lib/http/limit_form.ts";
import { loadSubjectNames } from "@/lib/http/subject_names.ts";
import { FormRefused } from "@/lib/http/task_form.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { toPolicyList } from "@/lib/limits/limit_view.ts";
import type { FormState } from "@/lib/shared/form_state.ts";
import { define, type State } from "@/utils.ts";

/** What holds for whom the query names; an email stands for its person. */
async function loadEffective({ state, url }: Context<State>) {
  const given = (name: string) => url.searchParams.get(name)?.trim() ?? "";
  const asked = {
    user: given("user"),
    key: given("key"),
    model: given("model"),
  };
  const isAsked = url.searchParams.has("model");
  if (!isAsked) return { asked, found: null, trouble: null };
  try {
    const person = asked.user.includes("@")
      ? (await state.services.users.findByEmail(asked.user))?.id ?? asked.user
      : asked.user;
    const found = await effectiveView(state, {
      user: person || null,
      key: asked.key || null,
      model: asked.model || null,
    });
    return { asked, found, trouble: null };
  } catch (error) {
    if (!(error instanceof AppError) || error.status >= 500) throw error;
    return { asked, found: null, trouble: error.message };
  }
}

async function load(ctx: Context<State>, refused: FormState | null) {
  const { caller, services: { limitSettings } } = ctx.state;
  const edited = await limitSettings.edited(caller.workspace);
  const policies = toPolicyList(limitSettings.configured, edited);
  const [places, names, effective] = await Promise.all([
    loadPlaces(ctx.state),
    loadSubjectNames(ctx.state, policies.items),
    loadEffective(ctx),
  ]);
  return { ...places, ...names, policies, effective, refused };
}

async function act(state: State, form: URLSearchParams): Promise<void> {
  switch (form.get("action")) {
    case "save":
      return await savePolicy(state, form);
    case "remove":
      return await removePolicy(state, form);
  }
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: "The form is not known.",
  });
}

export const handler = define.handlers({
  async GET(ctx) {
    return page(await load(ctx, null));
  },
  async POST(ctx) {
    const form = await readForm(ctx.req);
    try {
      await act(ctx.state, form);
      return ctx.redirect("/admin/limits", 303);
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      return page(await load(ctx, error.form), { status: error.status });
    }
  },
});

/** `/admin/limits`: how much the people of the workspace may ask, and what holds for whom. */
export default define.page<typeof handler>(function LimitsPage({ data }) {
  const { viewer, groups, names, policies, effective, refused, clock } = data;
  const { version } = policies;
  const isRemoval = refused?.values.action === "remove";
  return (
    <AdminPage
      viewer={viewer}
      title="Limits"
      changes={["limit."]}
      lede="How much may be asked in a time, and at once. A policy for one replaces that for each of its kind; policies for different kinds all hold."
      tools={
        <button class="btn" type="button" popovertarget="new-policy">
          <Icon name="plus" small />
          New policy
        </button>
      }
    >
      <SubjectChoices groups={groups} />
      {isRemoval && (
        <p class="field-error" role="alert">{refused?.errors[""]}</p>
      )}
      {refused !== null && !isRemoval && (
        <div class="limit-refused">
          <PolicyForm
            policy={null}
            form={refused}
            version={version}
            id="refused"
            leave={<a class="btn btn-quiet" href="/admin/limits">Cancel</a>}
          />
        </div>
      )}
      <PolicyDialog id="new-policy" policy={null} version={version} />
      {policies.items.length === 0
        ? (
          <div class="empty">
            <h3>No limits yet</h3>
            <p class="soft">
              Everyone may ask as much as the providers take.
            </p>
          </div>
        )
        : <PolicyTable policies={policies} names={names} />}
      <EffectiveFor
        {...effective}
        hasPeople={!viewer.isLocal}
        nowMs={clock.nowMs}
      />
    </AdminPage>
  );
});
