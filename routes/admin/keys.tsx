import { type Context, page } from "fresh";
import { AdminPage } from "@/components/admin/AdminPage.tsx";
import { KeyTable } from "@/components/api_keys/KeyTable.tsx";
import { readForm } from "@/lib/http/form.ts";
import { revokeKey } from "@/lib/http/key_form.ts";
import { readKeyOwner } from "@/lib/http/key_query.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { define, type State } from "@/utils.ts";

async function load({ state, url }: Context<State>) {
  const { caller, services: { apiKeys, users } } = state;
  const owner = readKeyOwner(url);
  const [places, keys] = await Promise.all([
    loadPlaces(state),
    apiKeys.list(caller, readPageQuery(url), owner ?? "all"),
  ]);
  const ids = [...new Set(keys.items.map(({ userId }) => userId))];
  const accounts = await Promise.all(ids.map((id) => users.account(id)));
  const people = Object.fromEntries(
    accounts.flatMap((account) =>
      account === null
        ? []
        : [[account.id, account.email || account.name] as const]
    ),
  );
  return {
    ...places,
    keys,
    people: places.viewer.isLocal ? undefined : people,
    owner,
    self: caller.user,
    isFirstPage: !url.searchParams.has("cursor"),
    done: url.searchParams.get("done") === "key" ? "Key revoked" : "",
  };
}

export const handler = define.handlers({
  async GET(ctx) {
    return page(await load(ctx));
  },
  /** Revokes a key. */
  async POST(ctx) {
    const form = await readForm(ctx.req);
    const { caller, services: { apiKeys } } = ctx.state;
    await revokeKey(apiKeys, caller, form);
    return ctx.redirect("/admin/keys?done=key", 303);
  },
});

/** `/admin/keys`: the keys of all people of the workspace, for admins to see and to revoke. */
export default define.page<typeof handler>(function KeysPage({ data }) {
  const { viewer, keys, people, owner, isFirstPage, done, clock } = data;
  const of = owner === null ? "" : `user=${owner}&`;
  return (
    <AdminPage
      viewer={viewer}
      title="Keys"
      changes={["key."]}
      lede={
        <>
          Programs act with them for the people of the workspace. Your own are
          made in <a href="/settings#keys">settings</a>.
        </>
      }
    >
      <p class="hint" role="status">{done}</p>
      {keys.items.length === 0
        ? (
          <div class="empty">
            <h3>{isFirstPage ? "No keys yet" : "No older keys"}</h3>
            <p class="soft">
              {isFirstPage
                ? "Nobody has made a key in this workspace."
                : "These are all there are."}
            </p>
          </div>
        )
        : (
          <KeyTable
            keys={keys.items}
            label="Keys of the workspace"
            action="/admin/keys"
            nowMs={clock.nowMs}
            people={people}
            viewer={data.self}
          />
        )}
      {(keys.nextCursor !== null || !isFirstPage) && (
        <nav class="pager" aria-label="Pages of keys">
          {!isFirstPage && <a class="btn btn-small" href={`?${of}`}>Newest</a>}
          {keys.nextCursor !== null && (
            <a
              class="btn btn-small"
              href={`?${of}cursor=${keys.nextCursor}`}
            >
              Older keys
            </a>
          )}
        </nav>
      )}
    </AdminPage>
  );
});
