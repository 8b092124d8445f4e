import { render, type VNode } from "preact";
import { useRef, useState } from "preact/hooks";
import { Icon } from "@/components/Icon.tsx";
import { newId } from "@/lib/shared/ids.ts";
import { firstLine } from "@/lib/shared/first_line.ts";
import { splitTagNames } from "@/lib/shared/tag_names.ts";
import { createTask, TaskRefused } from "@/lib/shared/task_requests.ts";
import type { Task } from "@/lib/shared/wire.ts";

/** What the dialog starts from. */
export interface TaskOffer {
  /** Thread of the message; null when it leaves nothing behind. */
  threadId: string | null;
  /** Project of the thread, which the task gets too. */
  projectId: string | null;
  /** The message; its first line becomes the title that is offered. */
  text: string;
}

/** Opens the dialog that makes a task from a message: it asks for the title and tags. */
export function openMakeTask(offer: TaskOffer): void {
  const place = document.createElement("div");
  document.body.append(place);
  const onClose = () => {
    render(null, place);
    place.remove();
  };
  render(<TaskDialog {...offer} onClose={onClose} />, place);
}

type Outcome =
  | { state: "open" | "sending" }
  | { state: "refused"; message: string }
  | { state: "made"; task: Task };

function TaskDialog(
  { threadId, projectId, text, onClose }: TaskOffer & {
    onClose: () => void;
  },
): VNode {
  const [outcome, setOutcome] = useState<Outcome>({ state: "open" });
  // The same for each try, so that a lost answer does not lead to a second task.
  const key = useRef(newId("req"));
  const id = useRef(newId("req"));
  const titleId = `${id.current}-title`;
  const tagsId = `${id.current}-tags`;
  const headId = `${id.current}-head`;
  const doneId = `${id.current}-done`;

  const make = async (form: HTMLFormElement) => {
    const fields = new FormData(form);
    setOutcome({ state: "sending" });
    try {
      const task = await createTask({
        title: String(fields.get("title")),
        tags: splitTagNames(String(fields.get("tags"))),
        threadId,
        projectId,
      }, key.current);
      setOutcome({ state: "made", task });
    } catch (error) {
      if (!(error instanceof TaskRefused)) throw error;
      // What was refused may be sent again with other words; what got no answer must be the same.
      if (error.status !== null) key.current = newId("req");
      setOutcome({ state: "refused", message: error.message });
    }
  };

  return (
    <dialog
      class="dialog"
      aria-labelledby={headId}
      ref={showModal}
      onClose={onClose}
    >
      <h2 id={headId}>Make a task</h2>
      {outcome.state === "made"
        ? (
          <>
            <p id={doneId}>“{outcome.task.title}” is on the list.</p>
            <form method="dialog" class="btn-row">
              <a class="btn" href="/tasks">Show tasks</a>
              <button
                class="btn btn-primary"
                type="submit"
                aria-describedby={doneId}
                ref={focus}
              >
                Close
              </button>
            </form>
          </>
        )
        : (
          <form
            class="stack"
            onSubmit={(event) => {
              event.preventDefault();
              if (outcome.state !== "sending") make(event.currentTarget);
            }}
          >
            <div class="field">
              <label for={titleId}>Title</label>
              <input
                class="input"
                id={titleId}
                name="title"
                required
                autocomplete="off"
                defaultValue={firstLine(text)}
              />
            </div>
            <div class="field">
              <label for={tagsId}>Tags</label>
              <input
                class="input"
                id={tagsId}
                name="tags"
                autocomplete="off"
                aria-describedby={`${tagsId}-hint`}
              />
              <p class="hint" id={`${tagsId}-hint`}>Parted by commas.</p>
            </div>
            {outcome.state === "refused" && (
              <p class="field-error" role="alert">
                <Icon name="alert" small />
                {outcome.message}
              </p>
            )}
            <div class="btn-row">
              <button
                class="btn"
                type="button"
                onClick={(event) =>
                  event.currentTarget.closest("dialog")?.close()}
              >
                Cancel
              </button>
              <button
                class="btn btn-primary"
                type="submit"
                aria-busy={outcome.state === "sending" ? "true" : undefined}
              >
                Make task
              </button>
            </div>
          </form>
        )}
    </dialog>
  );
}

/** Opens it as soon as it is in the page; closing gives focus back to the button. */
function showModal(dialog: HTMLDialogElement | null): void {
  if (dialog !== null && !dialog.open) dialog.showModal();
}

/** The field that had focus is gone once the task is made. */
function focus(button: HTMLButtonElement | null): void {
  button?.focus();
}
