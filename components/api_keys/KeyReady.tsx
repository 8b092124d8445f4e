import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import CopyText from "@/islands/CopyText.tsx";

/** A new key, right after it was made; nobody can see it again. */
export function KeyReady(
  { name, token }: { name: string; token: string },
): VNode {
  return (
    <div class="callout mt-4" data-kind="good" role="status">
      <Icon name="key" />
      <p class="anywhere">
        <strong>Key “{name}” is ready.</strong>{" "}
        This is the only time it is shown.
      </p>
      <div class="btn-row">
        <CopyText text={token} />
      </div>
    </div>
  );
}
