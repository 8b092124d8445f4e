import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import type { Question } from "@/lib/shared/chat/turns.ts";
import { BranchSwitch } from "./BranchSwitch.tsx";
import { MakeTaskButton } from "./MakeTaskButton.tsx";
import { QuestionText } from "./QuestionText.tsx";
import type { TurnActions } from "./turn_actions.ts";
import { useLazy } from "./use_lazy.ts";

interface QuestionViewProps {
  question: Question;
  /** Whether the server has it, so that there can be another version. */
  isStored: boolean;
  isEditing: boolean;
  actions: TurnActions;
}

/** A question, or the form that puts it in other words. */
export function QuestionView(
  { question, isStored, isEditing, actions }: QuestionViewProps,
): VNode {
  const form = useLazy(isEditing, () => import("./EditQuestion.tsx"));
  if (isEditing && form !== null && isStored) {
    return <form.EditQuestion question={question} actions={actions} />;
  }
  return (
    <QuestionText text={question.content}>
      {isStored && (
        <span class="acts ask-acts">
          <button
            class="btn btn-quiet btn-icon btn-small"
            type="button"
            aria-label="Edit the question"
            onClick={() => actions.edit(question.id)}
          >
            <Icon name="edit" />
          </button>
          <MakeTaskButton text={question.content} actions={actions} />
          <BranchSwitch
            id={question.id}
            siblings={question.siblings}
            actions={actions}
          />
        </span>
      )}
    </QuestionText>
  );
}
