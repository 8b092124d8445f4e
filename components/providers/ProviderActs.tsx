import type { VNode } from "preact";
import { Confirm } from "@/components/Confirm.tsx";
import { formatPlural } from "@/lib/shared/format.ts";
import type { ProviderDetails } from "@/lib/shared/wire.ts";

/** A button that does one thing with a provider or a route. */
export function Act(
  { path, action, words, version, isMain = false }: {
    path: string;
    action: string;
    words: string;
    version: number;
    isMain?: boolean;
  },
): VNode {
  return (
    <form method="post" action={path}>
      <input type="hidden" name="version" value={version} />
      <button
        class={isMain ? "btn btn-primary" : "btn"}
        type="submit"
        name="action"
        value={action}
      >
        {words}
      </button>
    </form>
  );
}

/** Test, drain, disable, use again. */
export function ProviderActs({ of: provider }: { of: ProviderDetails }): VNode {
  const { id, state, version } = provider;
  const path = `/admin/providers/${id}`;
  return (
    <div class="btn-row">
      <Act
        path={path}
        action="test"
        words="Test connection"
        version={version}
      />
      {state === "active" && (
        <Act path={path} action="draining" words="Drain" version={version} />
      )}
      {state !== "disabled" && (
        <Act path={path} action="disabled" words="Disable" version={version} />
      )}
      {state !== "active" && (
        <Act
          path={path}
          action="active"
          words="Use again"
          version={version}
          isMain
        />
      )}
    </div>
  );
}

/** Removes a provider, after saying what uses it. */
export function RemoveProvider(
  { of: provider }: { of: ProviderDetails },
): VNode {
  const { id, routes, connections, version } = provider;
  const running = connections.inUse + connections.waiting;
  return (
    <Confirm
      label="Remove provider"
      what={
        <>
          Its models are gone from all lists, and its key is deleted.{" "}
          {running > 0 &&
            `${formatPlural(running, "answer")} of it ${
              running === 1 ? "runs and ends" : "run and end"
            } normally. `}
          {routes.length > 0 &&
            `${formatPlural(routes.length, "route")} ${
              routes.length === 1 ? "leads" : "lead"
            } to it and will pass it over: ${routes.join(", ")}.`}
        </>
      }
    >
      <form method="post" action={`/admin/providers/${id}`}>
        <input type="hidden" name="action" value="remove" />
        <input type="hidden" name="force" value="true" />
        <input type="hidden" name="version" value={version} />
        <button class="btn btn-danger is-sure" type="submit">
          Remove {id}
        </button>
      </form>
    </Confirm>
  );
}
