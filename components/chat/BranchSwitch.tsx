import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import type { TurnActions } from "./turn_actions.ts";

interface BranchSwitchProps {
  /** Version on view; null while it has no id yet. */
  id: string | null;
  /** All versions, oldest first. */
  siblings: string[];
  actions: TurnActions;
}

/** Which version of a question or an answer this is, and the way to the others. */
export function BranchSwitch(
  { id, siblings, actions }: BranchSwitchProps,
): VNode | null {
  const at = siblings.indexOf(id ?? "");
  if (siblings.length < 2 || at < 0) return null;
  const isLocked = actions.isLocked.value;
  const step = (name: "left" | "right", label: string, to: number) => (
    <button
      class="btn btn-quiet btn-icon btn-small"
      type="button"
      aria-label={label}
      title={isLocked ? "Wait for the answer to end" : undefined}
      aria-disabled={isLocked || !siblings[to] ? "true" : undefined}
      onClick={() => siblings[to] && !isLocked && actions.show(siblings[to])}
    >
      <Icon name={name} />
    </button>
  );
  return (
    <span class="branch">
      {step("left", "Previous version", at - 1)}
      <span>{at + 1} / {siblings.length}</span>
      {step("right", "Next version", at + 1)}
    </span>
  );
}
