/** Tells the maker of titles which answers have been completed, whichever process executed them. */
import type { ConsumedEvent, Consumer } from "@/lib/events/consumer.ts";
import type { Titles } from "./titles.ts";

/** An answer that has been completed. */
interface Answer {
  space: string;
  thread: string;
  run: string;
}

/**
 * Of several processes on one store, the one that moves the cursor asks for the title, and only once it
 * has moved it: a title costs money. If that process dies before the title is there, the thread keeps
 * the line of its question.
 */
export class TitleConsumer implements Consumer {
  readonly name = "titles";
  readonly #titles: Pick<Titles, "afterAnswer">;
  #answers: Answer[] = [];

  constructor(titles: Pick<Titles, "afterAnswer">) {
    this.#titles = titles;
  }

  handle(events: readonly ConsumedEvent[]): Promise<number> {
    this.#answers = events.flatMap(({ space, event }) => {
      const { threadId: thread, temporary } = event.data;
      return event.type === "run.completed" && temporary !== true &&
          typeof thread === "string"
        ? [{ space, thread, run: event.subject }]
        : [];
    });
    return Promise.resolve(events.length);
  }

  /** Threads whose events were missed keep the line of their question. */
  resync(): Promise<null> {
    this.#answers = [];
    return Promise.resolve(null);
  }

  /** Does not wait for the titles: events that come meanwhile are not held up. */
  committed(): Promise<void> {
    for (const { space, thread, run } of this.#answers) {
      void this.#titles.afterAnswer(space, thread, run);
    }
    return Promise.resolve();
  }
}
