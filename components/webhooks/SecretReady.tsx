import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import CopyText from "@/islands/CopyText.tsx";

/** A new secret, right after it was made; nobody can see it again. */
export function SecretReady({ secret }: { secret: string }): VNode {
  return (
    <div class="callout mt-4" data-kind="good" role="status">
      <Icon name="key" />
      <p class="anywhere">
        <strong>The secret is ready.</strong>{" "}
        Give it to the receiver, which checks with it that requests are yours.
        This is the only time it is shown.
      </p>
      <div class="btn-row">
        <CopyText text={secret} />
      </div>
    </div>
  );
}
