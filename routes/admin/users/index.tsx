import { type Context, page } from "fresh";
import { AdminPage } from "@/components/admin/AdminPage.tsx";
import { Icon } from "@/components/Icon.tsx";
import {
  InvitationReady,
  Invitations,
} from "@/components/people/Invitations.tsx";
import { InviteForm } from "@/components/people/InviteForm.tsx";
import { PeopleTable } from "@/components/people/PeopleTable.tsx";
import type { FreshInvitation } from "@/lib/auth/invitations.ts";
import { readForm } from "@/lib/http/form.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import {
  actOnInvitations,
  findPerson,
  loadPeople,
} from "@/lib/http/people_page.ts";
import { requirePeople } from "@/lib/http/viewer.ts";
import { FormRefused } from "@/lib/http/task_form.ts";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import { rolesToGive } from "@/lib/shared/people.ts";
import { define, type State } from "@/utils.ts";

interface Answer {
  /** The form that was refused. */
  form: FormState | null;
  /** The invitation that was just made. */
  fresh: FreshInvitation | null;
}

const NO_ANSWER: Answer = { form: null, fresh: null };

/** What was just done, by the query's `done`. */
const DONE: Record<string, string> = {
  removed: "Removed from the workspace",
  revoked: "Invitation revoked",
};

async function load(ctx: Context<State>, answer: Answer) {
  const { searchParams } = ctx.url;
  const view = await loadPeople(ctx.state, readPageQuery(ctx.url));
  return {
    ...view,
    ...answer,
    isFirstPage: !searchParams.has("cursor"),
    nextPage: pageAfter(searchParams, view.people.nextCursor),
    done: DONE[searchParams.get("done") ?? ""],
    sought: searchParams.get("email"),
  };
}

/** The page after this one, with as many on it. */
function pageAfter(here: URLSearchParams, cursor: string | null): string {
  const params = new URLSearchParams();
  const limit = here.get("limit");
  if (limit !== null) params.set("limit", limit);
  if (cursor !== null) params.set("cursor", cursor);
  return `?${params}`;
}

export const handler = define.handlers({
  async GET(ctx) {
    requirePeople(ctx.state);
    const email = ctx.url.searchParams.get("email");
    const found = email === null ? null : await findPerson(ctx.state, email);
    if (found !== null) return ctx.redirect(`/admin/users/${found}`, 303);
    return page(await load(ctx, NO_ANSWER));
  },
  async POST(ctx) {
    requirePeople(ctx.state);
    const form = await readForm(ctx.req);
    try {
      const answer = await actOnInvitations(ctx.state, form);
      return typeof answer === "string"
        ? ctx.redirect(answer, 303)
        // Not by way of another address, which would have to carry the link.
        : page(await load(ctx, { form: null, fresh: answer }));
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      return page(await load(ctx, { form: error.form, fresh: null }), {
        status: error.status,
      });
    }
  },
});

const INVITE = "invite";

/** `/admin/users`: who is in the workspace, and who is asked in. */
export default define.page<typeof handler>(function PeoplePage({ data }) {
  const { viewer, clock, people, invitations, groups, form, fresh } = data;
  const invite = (refused: FormState) => (
    <InviteForm
      form={refused}
      roles={rolesToGive(viewer.role)}
      groups={groups}
      sendsMail={data.sendsMail}
    />
  );
  return (
    <AdminPage
      viewer={viewer}
      title="People"
      changes={[
        "user.created",
        "user.invited",
        "user.updated",
        "user.removed",
        "role.",
      ]}
      lede="Who is in the workspace, and what they may do."
      tools={form === null && (
        <button class="btn btn-primary" type="button" popovertarget={INVITE}>
          <Icon name="plus" small />
          Invite
        </button>
      )}
    >
      <form class="toolbar find-person" action="/admin/users" role="search">
        <label class="sr" for="find-email">Find by email</label>
        <span class="search">
          <Icon name="search" />
          <input
            class="input"
            id="find-email"
            name="email"
            type="search"
            placeholder="Find by email"
            autocomplete="off"
            required
            value={data.sought ?? undefined}
          />
        </span>
        <button class="btn" type="submit">Find</button>
      </form>
      <p class="hint" role="status">
        {data.sought === null
          ? data.done
          : `Nobody in this workspace has the address “${data.sought}”.`}
      </p>
      {fresh !== null && <InvitationReady {...fresh} />}
      {form === null
        ? (
          <div
            class="dialog"
            id={INVITE}
            popover="auto"
            role="dialog"
            aria-labelledby="invite-title"
          >
            <h2 id="invite-title">Invite a person</h2>
            {invite(EMPTY_FORM)}
          </div>
        )
        : (
          <section class="invite-again" aria-labelledby="invite-title">
            <h2 id="invite-title">Invite a person</h2>
            {invite(form)}
          </section>
        )}
      {people.items.length === 0
        ? (
          <div class="empty">
            <h2>No more people</h2>
            <p class="soft">These are all there are.</p>
          </div>
        )
        : (
          <PeopleTable
            people={people.items}
            groupNames={new Map(groups.map(({ id, name }) => [id, name]))}
            self={data.self}
            nowMs={clock.nowMs}
          />
        )}
      {(people.nextCursor !== null || !data.isFirstPage) && (
        <nav class="pager" aria-label="Pages of people">
          {!data.isFirstPage && <a class="btn btn-small" href="?">First</a>}
          {people.nextCursor !== null && (
            <a class="btn btn-small" href={`?cursor=${people.nextCursor}`}>
              Show more
            </a>
          )}
        </nav>
      )}
      <section
        class="section"
        id="invitations"
        aria-labelledby="invitations-title"
      >
        <h2 id="invitations-title">Invitations</h2>
        {invitations.items.length === 0
          ? <p class="soft mt-2">Nobody is being waited for.</p>
          : (
            <div class="mt-4">
              <Invitations
                invitations={invitations.items}
                nowMs={clock.nowMs}
              />
            </div>
          )}
      </section>
    </AdminPage>
  );
});
