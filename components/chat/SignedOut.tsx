import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";

/** The session has ended while the page was open: the way back, which loses nothing. */
export function SignedOut(): VNode {
  const next = encodeURIComponent(location.pathname);
  return (
    <div class="callout dock-callout" data-kind="warn" role="alert">
      <Icon name="alert" />
      <p>
        <strong>You are signed out.</strong> What you wrote is kept here.
      </p>
      <div class="btn-row">
        <a class="btn btn-small" href={`/signin?next=${next}`}>Sign in</a>
      </div>
    </div>
  );
}
