import { useSignalEffect } from "@preact/signals";
import type { ComponentChildren, VNode } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "@/components/Icon.tsx";
import type { ChatSession } from "@/lib/shared/chat/session.ts";
import { isAnswering } from "@/lib/shared/chat/turns.ts";
import type { Model } from "@/lib/shared/wire.ts";
import { isComposing, isTouchOnly } from "./composing.ts";
import { ModelPicker } from "./ModelPicker.tsx";

export interface ComposerProps {
  session: ChatSession;
  models: Model[];
  placeholder: string;
  /** Stands above the field. */
  children?: ComponentChildren;
}

/** Puts the caret into the field after a button that goes away, unless that would open a keyboard. */
export function focusComposer(): void {
  if (isTouchOnly()) return;
  document.getElementById("message")?.focus({ preventScroll: true });
}

/** Grows the field with its text, where the style sheet cannot. */
function fitHeight(field: HTMLTextAreaElement): void {
  if (CSS.supports("field-sizing", "content")) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

/** Keeps the field and the session's draft the same, without taking text that is being typed. */
function useDraft(session: ChatSession) {
  const field = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    // Typed before the page came to life, or brought back by the browser.
    const typed = field.current!.value;
    if (typed !== "") session.box.write(typed);
    session.box.isHeld = () =>
      document.hasFocus() && document.activeElement === field.current;
    focusComposer();
  }, []);
  useSignalEffect(() => {
    const text = session.box.draft.value;
    if (field.current === null) return;
    if (field.current.value !== text) field.current.value = text;
    fitHeight(field.current);
  });
  return field;
}

/** Where the next question is written; Send becomes Stop in the same place. */
export function Composer(
  { session, models, placeholder, children }: ComposerProps,
): VNode {
  const field = useDraft(session);
  const answering = isAnswering(session.turns.value);
  const isEmpty = session.box.draft.value.trim() === "";
  const isQueued = session.box.isQueued.value;

  const onKeyDown = (event: KeyboardEvent) => {
    if (isComposing(event) || event.shiftKey || event.altKey) return;
    if (event.key === "ArrowUp" && field.current?.value === "") {
      event.preventDefault();
      session.editing.value = session.turns.peek().at(-1)?.question.id ?? null;
    }
    if (event.key !== "Enter") return;
    const isForced = event.ctrlKey || event.metaKey;
    if (isTouchOnly() && !isForced) return;
    event.preventDefault();
    session.send();
  };

  return (
    <form
      class="composer"
      aria-label="Question"
      onSubmit={(event) => {
        event.preventDefault();
        session.send();
      }}
    >
      {children}
      <label class="sr" for="message">Message</label>
      <textarea
        id="message"
        ref={field}
        rows={1}
        dir="auto"
        autocomplete="off"
        aria-keyshortcuts="Shift+Escape"
        placeholder={answering
          ? "Write the next question; it waits its turn"
          : placeholder}
        onInput={(event) => session.box.write(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <div class="composer-bar">
        <ModelPicker
          models={models}
          chosen={session.model.value}
          onChoose={(id) => session.model.value = id === "" ? null : id}
        />
        <span class="push composer-hint">
          {isQueued ? "Sent when this answer ends" : ""}
        </span>
        {answering
          ? (
            <button
              key="stop"
              class="btn send stop"
              type="button"
              aria-label="Stop answering"
              aria-keyshortcuts="Escape"
              aria-busy={session.isStopping.value ? "true" : undefined}
              onClick={() => {
                focusComposer();
                void session.stop();
              }}
            >
              <Icon name="stop" />
            </button>
          )
          : (
            <button
              key="send"
              class="btn btn-primary send"
              type="submit"
              aria-label="Send"
              disabled={isEmpty}
            >
              <Icon name="send" />
            </button>
          )}
      </div>
    </form>
  );
}
