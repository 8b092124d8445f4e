/**
 * One thread on one page: its turns, the question being asked and the answer being written. Components
 * read the signals; everything that changes them is here.
 */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { announce } from "@/lib/shared/announce.ts";
import { newId } from "@/lib/shared/ids.ts";
import type { Message, Thread } from "@/lib/shared/wire.ts";
import { type Answer, waitingAnswer, withEvent } from "./answer.ts";
import type { Drafts } from "./drafts.ts";
import { QuestionBox } from "./question_box.ts";
import { type ChatRequests, type Fetch, RequestRefused } from "./requests.ts";
import { followRun, type PageWatch } from "./run_stream.ts";
import { ThreadHead } from "./thread_head.ts";
import type { ThreadRow } from "./thread_rows.ts";
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

/** Of a question that was sent from an earlier load of the page, without success. */
const NOT_SENT: Refusal = {
  message: "The question was not sent.",
  code: "not_sent",
  requestId: null,
  status: null,
};

export class ChatSession {
  readonly turns: ReadonlySignal<Turn[]>;
  readonly thread: Signal<Thread | null>;
  readonly model: Signal<string | null>;
  readonly box = new QuestionBox();
  readonly isStopping = signal(false);
  /** Why something that belongs to no turn did not work. */
  readonly notice = signal<Refusal | null>(null);
  /** Counts questions asked on this page, so that the view can bring the newest into sight. */
  readonly asked = signal(0);

  readonly #store: TurnStore;
  readonly #head: ThreadHead;
  #tools: SessionTools | null = null;
  /** Aborts following when the page goes. */
  readonly #gone = new AbortController();

  constructor(start: SessionStart) {
    this.#store = new TurnStore(toTurns(start.messages, start.lastEventId));
    this.#head = new ThreadHead(start.thread, start.rows);
    this.turns = this.#store.shown;
    this.thread = this.#head.thread;
    this.model = signal(start.model);
  }

  /** Begins to work in the browser: brings back drafts and follows an answer under way. */
  start(tools: SessionTools): void {
    this.#tools = tools;
    this.box.open(tools.drafts, this.#head.id);
    this.#restoreUnsent(tools.drafts);
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

  #restoreUnsent(drafts: Drafts): void {
    const question = drafts.unsent(this.#head.id);
    if (question === null) return;
    if (this.#store.turns.some((turn) => turn.question.id === question.id)) {
      drafts.keepUnsent(this.#head.id, null);
      return;
    }
    const turn = { question, answer: null, refusal: NOT_SENT };
    this.#store.change((turns) => [...turns, turn]);
  }

  /** Sends the draft, or has it wait for the end of the answer that is being written. */
  send(): void {
    if (this.box.draft.peek().trim() === "") return;
    if (this.#store.isAnswering) {
      this.box.isQueued.value = true;
      announce("Waits for the answer to end, then it is sent");
      return;
    }
    const content = this.box.take();
    if (content === null) return;
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

  #newAnswer(): Answer {
    announce("Generating");
    this.notice.value = null;
    return waitingAnswer(this.model.peek(), this.#browser.now());
  }

  async #ask(question: Question): Promise<void> {
    const { requests, drafts } = this.#browser;
    drafts.keepUnsent(this.#head.id, question);
    const turn = { question, answer: this.#newAnswer(), refusal: null };
    this.#store.change((turns) => [...turns, turn]);
    this.asked.value += 1;
    try {
      const threadId = this.#head.id ?? await this.#makeThread(question);
      const model = this.model.peek();
      const response = await requests.ask(threadId, question, model);
      drafts.keepUnsent(threadId, null);
      await this.#followResponse(response);
    } catch (error) {
      await this.#refused(error, question);
    }
  }

  async #makeThread(question: Question): Promise<string> {
    const { requests, drafts, showAddress } = this.#browser;
    const thread = await requests.createThread(this.model.peek());
    drafts.keepUnsent(thread.id, question);
    drafts.keepUnsent(null, null);
    this.box.moveTo(thread.id);
    this.thread.value = thread;
    showAddress(thread.id);
    return thread.id;
  }

  async #answerAgain(messageId: string): Promise<void> {
    const before = this.#store.last?.answer ?? null;
    const answer = this.#newAnswer();
    this.#store.change((turns) =>
      withLast(turns, (turn) => ({ ...turn, answer, refusal: null }))
    );
    try {
      const response = await this.#browser.requests.regenerate(
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
    if (question !== null) {
      this.box.giveBack(question.content);
      this.#browser.drafts.keepUnsent(this.#head.id, null);
    }
    if (await this.#reload()) await this.#follow(runId);
  }

  /** Takes the turns from the server; false when it does not give them. */
  async #reload(): Promise<boolean> {
    try {
      const id = this.thread.peek()!.id;
      const messages = await this.#browser.requests.messages(id);
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
    const { fetch, page, now, onFrame, requests } = this.#browser;
    this.#head.mark(true, now());
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
        // The first question gives the thread its title.
        const isFirst = this.#store.turns.length === 1;
        if (isFirst) void this.#head.askTitle(requests, now());
      },
    });
    if (end === "aborted") return;
    if (end === "gone") await this.#reload();
    this.#ended();
  }

  #ended(): void {
    this.#store.flush();
    this.isStopping.value = false;
    this.#head.mark(false, this.#browser.now());
    const answer = this.#store.last?.answer;
    if (answer?.status === "failed") {
      this.box.isQueued.value = false;
      announce(`The answer failed. ${answer.error?.message ?? ""}`);
      return;
    }
    announce(answer?.status === "complete" ? "Answer ready" : "Answer stopped");
    if (this.box.isQueued.peek()) this.send();
  }
}
