import { type Context, page } from "fresh";
import { AdminPage } from "@/components/admin/AdminPage.tsx";
import { PersonForms } from "@/components/people/PersonForms.tsx";
import { readForm } from "@/lib/http/form.ts";
import { actOnPerson, loadPerson } from "@/lib/http/people_page.ts";
import { requirePeople } from "@/lib/http/viewer.ts";
import { FormRefused } from "@/lib/http/task_form.ts";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import { personName } from "@/lib/shared/people.ts";
import { define, type State } from "@/utils.ts";

async function load(ctx: Context<State>, form: FormState) {
  return {
    ...await loadPerson(ctx.state, ctx.params.user),
    form,
    done: ctx.url.searchParams.get("done"),
  };
}

export const handler = define.handlers({
  async GET(ctx) {
    requirePeople(ctx.state);
    return page(await load(ctx, EMPTY_FORM));
  },
  async POST(ctx) {
    requirePeople(ctx.state);
    const form = await readForm(ctx.req);
    try {
      const path = await actOnPerson(ctx.state, ctx.params.user, form);
      return ctx.redirect(path, 303);
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      return page(await load(ctx, error.form), { status: error.status });
    }
  },
});

/** `/admin/users/:id`: one person, and what can be changed about them. */
export default define.page<typeof handler>(function PersonPage({ data }) {
  const { viewer, person, clock } = data;
  return (
    <AdminPage
      viewer={viewer}
      title={personName(person)}
      parent={{ path: "/admin/users", title: "People" }}
      lede={person.name === "" ? undefined : person.email}
    >
      <PersonForms
        person={person}
        groups={data.groups}
        viewer={viewer}
        isSelf={person.id === data.self}
        form={data.form}
        done={data.done}
        nowMs={clock.nowMs}
      />
    </AdminPage>
  );
});
