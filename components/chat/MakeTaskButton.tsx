import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import type { TurnActions } from "./turn_actions.ts";

interface MakeTaskButtonProps {
  /** The message. */
  text: string;
  actions: TurnActions;
}

/** Offers to make a task from a message. */
export function MakeTaskButton(
  { text, actions }: MakeTaskButtonProps,
): VNode {
  return (
    <button
      class="btn btn-quiet btn-icon btn-small"
      type="button"
      aria-label="Make a task"
      aria-haspopup="dialog"
      title="Make a task"
      onClick={() => actions.makeTask(text)}
    >
      <Icon name="tasks" />
    </button>
  );
}
