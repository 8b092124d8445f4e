import type { VNode } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Icon } from "@/components/Icon.tsx";
import type { Question, Refusal } from "@/lib/shared/chat/turns.ts";
import { newId } from "@/lib/shared/ids.ts";
import { isComposing, isTouchOnly } from "./composing.ts";
import type { TurnActions } from "./turn_actions.ts";

export interface EditQuestionProps {
  question: Question;
  actions: TurnActions;
}

/** A question in the making again: asked in other words, it becomes another version of itself. */
export function EditQuestion(
  { question, actions }: EditQuestionProps,
): VNode {
  const [text, setText] = useState(question.content);
  const [isBusy, setIsBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  // One id for all tries, so that a question whose acceptance got lost is not asked twice.
  const id = useMemo(() => newId("msg"), [text]);
  const isEmpty = text.trim() === "";
  const cancel = () => actions.edit(null);

  useLayoutEffect(() => {
    const area = field.current!;
    area.focus({ preventScroll: true });
    area.setSelectionRange(area.value.length, area.value.length);
    area.scrollIntoView({ block: "nearest" });
  }, []);

  const send = async () => {
    if (isEmpty || isBusy) return;
    if (text === question.content) return cancel();
    setIsBusy(true);
    const refused = await actions.ask(question.id, id, text);
    setIsBusy(false);
    setRefusal(refused);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (isComposing(event)) return;
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      cancel();
    } else if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      if (isTouchOnly() && !event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      void send();
    }
  };
  return (
    <form
      class="ask ask-edit"
      aria-label="Edit the question"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <textarea
        class="input"
        ref={field}
        aria-label="Question"
        aria-describedby={refusal ? `refused-${question.id}` : undefined}
        aria-invalid={refusal ? "true" : undefined}
        rows={1}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      {refusal && (
        <p class="field-error" id={`refused-${question.id}`} role="alert">
          <Icon name="alert" small />
          <span>{refusal.message} Your edit is kept here.</span>
        </p>
      )}
      <div class="btn-row">
        <button
          class="btn btn-primary btn-small"
          type="submit"
          disabled={isEmpty}
          aria-busy={isBusy ? "true" : undefined}
        >
          Ask again
        </button>
        <button class="btn btn-quiet btn-small" type="button" onClick={cancel}>
          Cancel
        </button>
      </div>
    </form>
  );
}
