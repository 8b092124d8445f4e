/** The composer's text, kept where it survives a reload until the server has it. */
import { signal } from "@preact/signals";
import type { Drafts } from "./drafts.ts";

export class QuestionBox {
  readonly draft = signal("");
  /** Whether the draft is sent as soon as the answer ends. */
  readonly isQueued = signal(false);
  #drafts: Drafts | null = null;
  #threadId: string | null = null;
  /** Whether the text was written here, and not taken over from another page. */
  #isTyped = false;
  /** Whether someone is writing in the field here, whose text no other page may change. */
  isHeld: () => boolean = () => false;
  #stopWatching = () => {};

  /** Begins to keep the text, and brings back what was kept unless something was typed already. */
  open(drafts: Drafts, threadId: string | null): void {
    this.#drafts = drafts;
    this.#threadId = threadId;
    if (this.draft.peek() === "") this.draft.value = drafts.text(threadId);
    else this.#keep();
    this.#stopWatching = drafts.watch(() => this.#threadId, (text, before) => {
      const here = this.draft.peek();
      const isHeld = this.isHeld();
      this.isQueued.value &&= isHeld;
      // The same text was sent or emptied elsewhere: that was meant for both.
      const isSame = here === before && text === "";
      if (isHeld || this.#isTyped && !isSame) {
        if (!isSame) this.#drafts!.keepText(this.#threadId, here, true);
      } else {
        this.draft.value = text;
        this.#isTyped = false;
      }
    });
  }

  close(): void {
    this.#stopWatching();
  }

  /**
   * Keeps the text for another thread or in another place, and nowhere else: the thread has been made, or
   * it is to be kept nowhere.
   */
  moveTo(threadId: string | null, drafts: Drafts): void {
    this.#drafts?.keepText(this.#threadId, "");
    this.#drafts = drafts;
    this.#threadId = threadId;
    this.#keep();
  }

  #keep(): void {
    this.#drafts?.keepText(this.#threadId, this.draft.peek());
  }

  /** Someone writes; a question that waited is taken back by that. */
  write(text: string): void {
    this.draft.value = text;
    this.#isTyped = text !== "";
    this.isQueued.value = false;
    this.#keep();
  }

  /** Takes the question out to send it; null when there is none. */
  take(): string | null {
    const content = this.draft.peek();
    if (content.trim() === "") return null;
    this.write("");
    return content;
  }

  /** Puts a question back that could not be sent now, before what was typed since. */
  giveBack(content: string): void {
    const typed = this.draft.peek();
    this.write(typed === "" ? content : `${content}\n\n${typed}`);
    this.isQueued.value = true;
  }
}
