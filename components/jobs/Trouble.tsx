import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";

/** What did not work, at the edge of the page. */
export function Trouble(
  { message, onClose }: { message: string | null; onClose: () => void },
): VNode | null {
  if (message === null) return null;
  return (
    <div class="toast toast-place">
      {message}
      <button
        class="btn btn-icon"
        type="button"
        aria-label="Close"
        onClick={onClose}
      >
        <Icon name="close" small />
      </button>
    </div>
  );
}
