/**
 * One thread on one page: its turns, the question being asked and the answer being written. Components
 * read the signals; everything that changes them is here.
 */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { announce } from "@/lib/shared/announce.ts";
import { newId } from "@/lib/shared/ids.ts";
import type { Message, Thread } from "@/lib/shared/wire.ts";
import { waitingAnswer, withEvent } from "./answer.ts";
import type { Drafts } from "./drafts.ts";
import { type ChatRequests, type Fetch, RequestRefused } from "./requests.ts";
import { followRun, type PageWatch } from "./run_stream.ts";
import { type ThreadRow, toThreadRow, withRow } from "./thread_rows.ts";
import { type OnFrame, TurnStore } from "./turn_store.ts";
import {
  type Question,
  type Refusal,
  toTurns,
  type Turn,
  withLast,
} from "./turns.ts";

/** What a session needs of the browser; the server renders without it. */
export interface SessionTools {
  requests: ChatRequests;
  fetch: Fetch;
  page: PageWatch;
  drafts: Drafts;
  now: () => number;
  onFrame: OnFrame;
  /** Shows the address of a thread that was just made. */
  showAddress: (threadId: string) => void;
}

export interface SessionStart {
  thread: Thread | null;
  messages: Message[];
  model: string | null;
  lastEventId: string | null;
  /** Rows of the navigation, shared with it. */
  rows: Signal<ThreadRow[]>;
}

export class ChatSession {
  readonly turns: ReadonlySignal<Turn[]>;
  readonly thread: Signal<Thread | null>;
  readonly model: Signal<string | null>;
  /** Text of the composer. */
  readonly draft = signal("");
  /** Whether the draft is sent as soon as the answer ends. */
  readonly isQueued = signal(false);
  readonly isStopping = signal(false);
  /** Why something that belongs to no turn did not work. */
  readonly notice = signal<Refusal | null>(null);
  /** Counts questions asked on this page, so that the view can bring the newest into sight. */
  readonly asked = signal(0);

  readonly #rows: Signal<ThreadRow[]>;
  #tools: SessionTools | null = null;
  readonly #store: TurnStore;
  /** Aborts following when the page goes. */
  readonly #gone = new AbortController();

  constructor(start: SessionStart) {
    this.#store = new TurnStore(toTurns(start.messages, start.lastEventId));
    this.turns = this.#store.shown;
    this.thread = signal(start.thread);
    this.model = signal(start.model);
    this.#rows = start.rows;
  }

  /** Begins to work in the browser: brings back drafts and follows an answer under way. */
  start(tools: SessionTools): void {
    this.#tools = tools;
    const threadId = this.thread.peek()?.id ?? null;
    if (this.draft.peek() === "") {
      this.draft.value = tools.drafts.text(threadId);
    }
    this.#restoreUnsent(threadId, tools);
    const runId = this.#store.last?.answer?.runId;
    if (runId && this.#store.isAnswering) void this.#follow(runId);
  }

  /** Ends all work. */
  close(): void {
    this.#gone.abort();
  }

  get #browser(): SessionTools {
    if (this.#tools === null) throw new Error("Session has not been started");
    return this.#tools;
  }

  #restoreUnsent(threadId: string | null, { drafts }: SessionTools): void {
    const question = drafts.unsent(threadId);
    if (question === null) return;
    if (this.#store.turns.some((turn) => turn.question.id === question.id)) {
      drafts.keepUnsent(threadId, null);
      return;
    }
    this.#store.change((turns) => [...turns, {
      question,
      answer: null,
      refusal: {
        message: "The question was not sent.",
        code: "not_sent",
        requestId: null,
        status: null,
      },
    }]);
  }

  /** Keeps what stands in the composer. */
  write(text: string): void {
    this.draft.value = text;
    this.isQueued.value = false;
    this.#browser.drafts.keepText(this.thread.peek()?.id ?? null, text);
  }

  /** Sends the draft, or has it wait for the end of the answer that is being written. */
  send(): void {
    const content = this.draft.peek();
    if (content.trim() === "") return;
    if (this.#store.isAnswering) {
      this.isQueued.value = true;
      announce("Waits for the answer to end, then it is sent");
      return;
    }
    this.draft.value = "";
    this.isQueued.value = false;
    const createdAt = new Date(this.#browser.now()).toISOString();
    void this.#ask({ id: newId("msg"), content, createdAt });
  }

  /** Sends a question again that was refused, or has the last one answered again. */
  retry(questionId: string): void {
    const turn = this.#store.turns.find(({ question }) =>
      question.id === questionId
    );
    if (turn === undefined || this.#store.isAnswering) return;
    const messageId = turn.answer?.messageId ?? null;
    if (messageId !== null) {
      void this.#answerAgain(messageId);
      return;
    }
    this.#store.change((turns) => turns.filter((each) => each !== turn));
    void this.#ask(turn.question);
  }

  /** Stops the answer that is being written; what has arrived stays. */
  async stop(): Promise<void> {
    const runId = this.#store.last?.answer?.runId;
    if (!this.#store.isAnswering || this.isStopping.peek()) return;
    this.isStopping.value = true;
    // Before the run has an id, its first event brings the stop.
    if (runId) await this.#cancel(runId);
  }

  async #cancel(runId: string): Promise<void> {
    try {
      await this.#browser.requests.cancel(runId);
    } catch (error) {
      if (!(error instanceof RequestRefused)) throw error;
      this.isStopping.value = false;
      this.notice.value = error.refusal;
      announce(`Stopping did not work. ${error.refusal.message}`);
    }
  }

  async #ask(question: Question): Promise<void> {
    const { requests, drafts, now, showAddress } = this.#browser;
    const isNew = this.thread.peek() === null;
    this.notice.value = null;
    drafts.keepUnsent(this.thread.peek()?.id ?? null, question);
    drafts.keepText(this.thread.peek()?.id ?? null, "");
    this.#store.change((turns) => [...turns, {
      question,
      answer: waitingAnswer(this.model.peek(), now()),
      refusal: null,
    }]);
    this.asked.value += 1;
    announce("Generating");
    try {
      if (isNew) {
        const thread = await requests.createThread(this.model.peek());
        drafts.keepUnsent(thread.id, question);
        drafts.keepUnsent(null, null);
        const typedMeanwhile = this.draft.peek();
        if (typedMeanwhile !== "") drafts.keepText(thread.id, typedMeanwhile);
        drafts.keepText(null, "");
        this.thread.value = thread;
        showAddress(thread.id);
      }
      const threadId = this.thread.peek()!.id;
      const response = await requests.ask(
        threadId,
        question,
        this.model.peek(),
      );
      drafts.keepUnsent(threadId, null);
      await this.#followResponse(response);
    } catch (error) {
      await this.#refused(error, question);
    }
  }

  async #answerAgain(messageId: string): Promise<void> {
    const { requests, now } = this.#browser;
    const before = this.#store.last?.answer ?? null;
    this.#store.change((turns) =>
      withLast(turns, (turn) => ({
        ...turn,
        answer: waitingAnswer(this.model.peek(), now()),
        refusal: null,
      }))
    );
    announce("Generating");
    try {
      const response = await requests.regenerate(
        this.thread.peek()!.id,
        messageId,
        this.model.peek(),
      );
      await this.#followResponse(response);
    } catch (error) {
      this.#store.change((turns) =>
        withLast(turns, (turn) => ({ ...turn, answer: before }))
      );
      await this.#refused(error, null);
    }
  }

  /** The server did not begin a run: the question stays where it is, with the reason beside it. */
  async #refused(error: unknown, question: Question | null): Promise<void> {
    if (!(error instanceof RequestRefused)) throw error;
    this.isStopping.value = false;
    if (error.activeRunId !== null) {
      await this.#joinActiveRun(error.activeRunId, question);
      return;
    }
    this.#store.change((turns) =>
      withLast(turns, (turn) => ({
        ...turn,
        answer: question === null ? turn.answer : null,
        refusal: error.refusal,
      }))
    );
    announce(`The question was not sent. ${error.refusal.message}`);
  }

  /** Another page asks in this thread: its answer is shown, and our question waits in the composer. */
  async #joinActiveRun(
    runId: string,
    question: Question | null,
  ): Promise<void> {
    const { requests, drafts } = this.#browser;
    const threadId = this.thread.peek()!.id;
    if (question !== null) {
      const text = [question.content, this.draft.peek()].filter((part) =>
        part !== ""
      ).join("\n\n");
      this.draft.value = text;
      drafts.keepText(threadId, text);
      drafts.keepUnsent(threadId, null);
      this.isQueued.value = true;
    }
    if (await this.#reload(requests, threadId)) await this.#follow(runId);
  }

  /** Takes the turns from the server; false when it does not give them. */
  async #reload(requests: ChatRequests, threadId: string): Promise<boolean> {
    try {
      const messages = await requests.messages(threadId);
      this.#store.change(() => toTurns(messages, null));
      return true;
    } catch (error) {
      if (!(error instanceof RequestRefused)) throw error;
      this.notice.value = error.refusal;
      return false;
    }
  }

  async #followResponse(response: Response): Promise<void> {
    const runId = response.headers.get("location")?.split("/").at(-1) ?? "";
    this.#store.changeAnswer(
      (answer) => ({ ...answer, runId }),
      this.#browser.onFrame,
    );
    await this.#follow(runId, response);
  }

  async #follow(runId: string, response?: Response): Promise<void> {
    const { fetch, page, now, requests, onFrame } = this.#browser;
    this.#markRunning(true);
    let isTitleAsked = false;
    const end = await followRun({
      runId,
      response,
      after: this.#store.last?.answer?.place ?? null,
      signal: this.#gone.signal,
      fetch,
      page,
      onEvent: (placed) => {
        this.#store.changeAnswer(
          (answer) => withEvent(answer, placed, now()),
          onFrame,
        );
        if (placed.event.event !== "start") return;
        if (this.isStopping.peek()) void this.#cancel(runId);
        if (!isTitleAsked && this.#store.turns.length === 1) {
          void this.#askTitle();
        }
        isTitleAsked = true;
      },
    });
    if (end === "aborted") return;
    if (end === "gone") await this.#reload(requests, this.thread.peek()!.id);
    this.#ended();
  }

  /** The first question gives a thread its title, on the server. */
  async #askTitle(): Promise<void> {
    try {
      const { id } = this.thread.peek()!;
      const { title, titleSource } = await this.#browser.requests.thread(id);
      this.thread.value = { ...this.thread.peek()!, title, titleSource };
      this.#markRunning(this.#store.isAnswering);
    } catch (error) {
      // The old title stays until the next page.
      if (!(error instanceof RequestRefused)) throw error;
    }
  }

  #ended(): void {
    this.#store.flush();
    this.isStopping.value = false;
    this.#markRunning(false);
    const answer = this.#store.last?.answer;
    if (answer?.status === "failed") {
      this.isQueued.value = false;
      announce(`The answer failed. ${answer.error?.message ?? ""}`);
      return;
    }
    announce(answer?.status === "complete" ? "Answer ready" : "Answer stopped");
    if (this.isQueued.peek()) this.send();
  }

  #markRunning(isRunning: boolean): void {
    const thread = this.thread.peek();
    if (thread === null) return;
    const updatedAt = new Date(this.#browser.now()).toISOString();
    const row = { ...toThreadRow({ ...thread, updatedAt }), isRunning };
    this.#rows.value = withRow(this.#rows.peek(), row);
  }
}
