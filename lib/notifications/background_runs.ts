/** Answers that go on while nobody looks, as the routes use them. */
import type { Chat } from "@/lib/chat/chat.ts";
import { isEnded } from "@/lib/shared/run_status.ts";
import type { Run } from "@/lib/shared/wire.ts";
import type { BackgroundRunStore } from "./background_run_store.ts";

export class BackgroundRuns {
  readonly #store: BackgroundRunStore;
  readonly #chat: Pick<Chat, "requireRun">;

  constructor(store: BackgroundRunStore, chat: Pick<Chat, "requireRun">) {
    this.#store = store;
    this.#chat = chat;
  }

  /**
   * Has a user told of the end of a run; doing it again changes nothing, and neither does a run that has
   * ended. The run itself goes on as it is: it belongs to the server.
   * @throws {AppError} 404 `not_found`
   */
  async leave(space: string, runId: string, user: string): Promise<Run> {
    const run = await this.#chat.requireRun(space, runId);
    if (!isEnded(run.status)) await this.#store.mark(space, runId, user);
    return run;
  }
}
