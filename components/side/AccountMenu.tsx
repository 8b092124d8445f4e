import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import type { Viewer } from "@/lib/shared/viewer.ts";

/** Workspaces that the menu offers at once; the page of workspaces has them all. */
const MOST_OFFERED = 8;

/** Who is signed in and where, with the ways to another workspace and out. Nothing in local mode. */
export function AccountMenu({ viewer }: { viewer: Viewer }): VNode | null {
  if (viewer.isLocal) return null;
  const { workspace, workspaces } = viewer;
  const others = workspaces.filter(({ id }) => id !== workspace.id);
  return (
    <details class="group account">
      <summary class="row">
        <span class="account-who">
          <span class="cut">
            <span class="sr">Account:</span> {viewer.email}
          </span>{" "}
          <span class="cut account-where">{workspace.name}</span>
        </span>
        <Icon name="right" small turnable />
      </summary>
      {others.length > 0 && (
        <form method="post" action="/workspaces" aria-label="Switch workspace">
          <input type="hidden" name="action" value="switch" />
          {others.slice(0, MOST_OFFERED).map(({ id, name }) => (
            <button
              key={id}
              class="row"
              type="submit"
              name="id"
              value={id}
              aria-label={`Switch to ${name}`}
            >
              <span class="cut">{name}</span>
            </button>
          ))}
        </form>
      )}
      {(others.length > 0 || viewer.isOperator) && (
        <a class="row" href="/workspaces">
          <span class="cut">All workspaces</span>
        </a>
      )}
      <a class="row" href="/settings#account">
        <span class="cut">Account</span>
      </a>
      <form method="post" action="/signout">
        <button class="row" type="submit">
          <span class="cut">Sign out</span>
        </button>
      </form>
    </details>
  );
}
