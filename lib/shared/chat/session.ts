/**
 * One thread on one page: its turns, the question being asked and the answer being written. Components
 * read the signals; everything that changes them is here.
 */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { announce } from "@/lib/shared/announce.ts";
import { newId } from "@/lib/shared/ids.ts";
import type { Message, Thread } from "@/lib/shared/wire.ts";
import { type Answer, waitingAnswer } from "./answer.ts";
import { Drafts } from "./drafts.ts";
import { QuestionBox } from "./question_box.ts";
import { type ChatRequests, type Fetch, RequestRefused } from "./requests.ts";
import type { PageWatch } from "./run_stream.ts";
import { ThreadHead } from "./thread_head.ts";
import { onNews, type ThreadNews } from "./thread_news.ts";
import type { ThreadRow } from "./thread_rows.ts";
import { type OnFrame, TurnStore } from "./turn_store.ts";
import {
  newestMessageId,
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
  /** How many turns of the branch come before these messages. */
  earlierTurns?: number;
  model: string | null;
  lastEventId: string | null;
  /** Rows of the navigation, shared with it. */
  rows: Signal<ThreadRow[]>;
}

const refusal = (code: string, message: string): Refusal => ({
  message,
  code,
  requestId: null,
  status: null,
});

/** Of a question that was sent from an earlier load of the page, without success. */
const NOT_SENT = refusal("not_sent", "The question was not sent.");

/** Its script is gone when a newer build of the server has taken its place. */
const NOT_LOADED = refusal(
  "not_loaded",
  "The answer is being written, but this page cannot show it until it is loaded again.",
);

const DELETED = refusal("thread_deleted", "This thread was deleted.");

export class ChatSession {
  readonly turns: ReadonlySignal<Turn[]>;
  /** How many turns come before the first on view. */
  readonly earlier: ReadonlySignal<number>;
  readonly thread: Signal<Thread | null>;
  readonly model: Signal<string | null>;
  /** Whether the new thread is to be kept nowhere. */
  readonly isTemporary = signal(false);
  readonly box = new QuestionBox();
  readonly isStopping = signal(false);
  /** Why something that belongs to no turn did not work. */
  readonly notice = signal<Refusal | null>(null);
  /** Counts questions asked on this page, so that the view can bring the newest into sight. */
  readonly asked = signal(0);
  /** Id of the question that is being edited. */
  readonly editing = signal<string | null>(null);

  /** For `branching.ts`, as are the other members that components do not use. */
  readonly store: TurnStore;
  readonly #head: ThreadHead;
  #tools: SessionTools | null = null;
  /** Requests under way that may begin a run: news of one is then no news. */
  begins = 0;
  /** Run of this thread that was last heard of. */
  #heardRunId: string | null = null;
  readonly #cleanups: (() => void)[] = [];
  /** Aborts following when the page goes. */
  readonly #gone = new AbortController();

  constructor(start: SessionStart) {
    this.store = new TurnStore(
      toTurns(start.messages, start.lastEventId),
      start.earlierTurns ?? 0,
    );
    this.#head = new ThreadHead(start.thread, start.rows);
    this.turns = this.store.shown;
    this.earlier = this.store.earlier;
    this.thread = this.#head.thread;
    this.model = signal(start.model);
  }

  /** Begins to work in the browser: brings back drafts and follows an answer under way. */
  start(tools: SessionTools): void {
    this.#tools = tools;
    const { page } = tools;
    // Needed as soon as something is asked, but not to show the page.
    void import("./run_stream.ts").catch(() => {});
    this.box.open(this.#drafts, this.#head.id);
    this.#restoreUnsent();
    this.#cleanups.push(
      onNews((news) => this.#take(news)),
      page.onChange(() => this.#seen()),
      () => this.box.close(),
    );
    this.followLast();
    this.#seen();
  }

  /** Ends all work. */
  close(): void {
    this.#gone.abort();
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
  }

  get #browser(): SessionTools {
    if (this.#tools === null) throw new Error("Session has not been started");
    return this.#tools;
  }

  /** What the page asks the server with. */
  get requests(): ChatRequests {
    return this.#browser.requests;
  }

  /** A temporary thread leaves nothing in the browser either. */
  get #drafts(): Drafts {
    const isTemporary = this.isTemporary.peek() ||
      this.thread.peek()?.temporary === true;
    return isTemporary ? new Drafts(null) : this.#browser.drafts;
  }

  /** Has the new thread kept nowhere, or after all. */
  setTemporary(isTemporary: boolean): void {
    this.isTemporary.value = isTemporary;
    if (this.#tools !== null) this.box.moveTo(null, this.#drafts);
  }

  #restoreUnsent(): void {
    const question = this.#drafts.unsent(this.#head.id);
    if (question === null) return;
    if (this.store.turns.some((turn) => turn.question.id === question.id)) {
      this.#drafts.keepUnsent(this.#head.id, null);
      return;
    }
    const turn = { question, answer: null, refusal: NOT_SENT };
    this.store.change((turns) => [...turns, turn]);
  }

  /** Sends the draft, or has it wait for the end of the answer that is being written. */
  send(): void {
    if (this.box.draft.peek().trim() === "") return;
    if (this.store.isAnswering) {
      this.box.isQueued.value = true;
      announce("Waits for the answer to end, then it is sent");
      return;
    }
    const content = this.box.take();
    if (content === null) return;
    void this.#ask(this.newQuestion(newId("msg"), content));
  }

  newQuestion(id: string, content: string): Question {
    const createdAt = new Date(this.#browser.now()).toISOString();
    return { id, content, createdAt, parentId: null, siblings: [id] };
  }

  /** Sends a question again that was refused, or has one answered once more. */
  retry(questionId: string): void {
    const turn = this.turnOf(questionId);
    if (turn === undefined || this.store.isAnswering) return;
    if (turn.answer?.messageId) {
      void this.#answerAgain(turn, turn.answer.messageId);
      return;
    }
    this.store.change((turns) => turns.filter((each) => each !== turn));
    void this.#ask(turn.question);
  }

  turnOf(questionId: string): Turn | undefined {
    return this.store.turns.find(({ question }) => question.id === questionId);
  }

  /** Stops the answer that is being written; what has arrived stays. */
  async stop(): Promise<void> {
    const runId = this.store.last?.answer?.runId;
    if (!this.store.isAnswering || this.isStopping.peek()) return;
    this.isStopping.value = true;
    // Before the run has an id, its first event brings the stop.
    if (runId) await this.#cancel(runId);
  }

  async #cancel(runId: string): Promise<void> {
    try {
      await this.requests.cancel(runId);
    } catch (error) {
      if (!(error instanceof RequestRefused)) throw error;
      this.isStopping.value = false;
      this.notice.value = error.refusal;
      announce(`Stopping did not work. ${error.refusal.message}`);
    }
  }

  newAnswer(siblings: string[] = []): Answer {
    announce("Generating");
    this.notice.value = null;
    this.editing.value = null;
    return waitingAnswer(this.model.peek(), this.#browser.now(), siblings);
  }

  async #ask(asked: Question): Promise<void> {
    const parentId = newestMessageId(this.store.turns);
    const question = { ...asked, parentId };
    this.#drafts.keepUnsent(this.#head.id, question);
    const turn = { question, answer: this.newAnswer(), refusal: null };
    this.store.change((turns) => [...turns, turn]);
    this.asked.value += 1;
    await this.begin(async () => {
      const threadId = this.#head.id ?? await this.#makeThread(question);
      const response = await this.requests.ask(
        threadId,
        question,
        this.model.peek(),
        parentId ?? undefined,
      );
      this.#drafts.keepUnsent(threadId, null);
      return response;
    }, (error) => this.refused(error, question));
  }

  async #makeThread(question: Question): Promise<string> {
    const { requests, showAddress } = this.#browser;
    const drafts = this.#drafts;
    const thread = await requests.createThread(
      this.model.peek(),
      this.isTemporary.peek(),
    );
    drafts.keepUnsent(thread.id, question);
    drafts.keepUnsent(null, null);
    this.box.moveTo(thread.id, drafts);
    this.thread.value = thread;
    showAddress(thread.id);
    return thread.id;
  }

  /** Asks for a run and follows it; news of it in between is no news. */
  async begin(
    ask: () => Promise<Response>,
    onRefused: (error: RequestRefused) => Promise<void>,
  ): Promise<void> {
    this.begins += 1;
    let response: Response;
    try {
      response = await ask();
    } catch (error) {
      if (!(error instanceof RequestRefused)) throw error;
      this.isStopping.value = false;
      await onRefused(error);
      return;
    } finally {
      this.begins -= 1;
    }
    await this.#followResponse(response);
  }

  /** Turns up to one of them, with another answer in place of all that followed. */
  cutTo(turn: Turn, changed: Partial<Turn>): void {
    this.store.change((turns) => [
      ...turns.slice(0, turns.indexOf(turn)),
      { ...turn, refusal: null, ...changed },
    ]);
  }

  async #answerAgain(turn: Turn, messageId: string): Promise<void> {
    const before = this.store.turns;
    this.cutTo(turn, { answer: this.newAnswer(turn.answer?.siblings) });
    await this.begin(
      () =>
        this.requests.regenerate(
          this.thread.peek()!.id,
          messageId,
          this.model.peek(),
        ),
      async (error) => {
        this.store.change(() => before);
        const isLast = before.at(-1) === turn;
        if (isLast || error.activeRunId) await this.refused(error, null);
        else this.notice.value = error.refusal;
      },
    );
  }

  /** Follows the last answer on view if it is being written. */
  followLast(): void {
    const answer = this.store.last?.answer;
    if (answer?.runId && this.store.isAnswering) {
      void this.follow(answer.runId);
    }
  }

  /** The server did not begin a run: the question stays where it is, with the reason beside it. */
  async refused(
    { refusal, activeRunId }: RequestRefused,
    question: Question | null,
  ): Promise<void> {
    if (activeRunId !== null) {
      // Another page asks in this thread: its answer is shown, and our question waits in the composer.
      if (question !== null) {
        this.box.giveBack(question.content);
        this.#drafts.keepUnsent(this.#head.id, null);
      }
      await this.joinRun();
      return;
    }
    this.store.change((turns) =>
      withLast(turns, (turn) => ({
        ...turn,
        answer: question === null ? turn.answer : null,
        refusal,
      }))
    );
    announce(`The question was not sent. ${refusal.message}`);
    if (refusal.retryAfter) {
      import("./send_later.ts").then(
        ({ sendLater }) => sendLater(this, this.#gone.signal),
        // The question can still be sent by hand.
        () => {},
      );
    }
  }

  /** Shows the branch on which another page has an answer written, and follows that. */
  async joinRun(): Promise<void> {
    await this.reload();
    this.followLast();
    // It has ended already; what waited for that is not sent unseen below an answer nobody has read.
    if (!this.store.isAnswering) this.box.isQueued.value = false;
  }

  /** Takes the turns from the server, as far back as they differ from what is here. */
  async reload(): Promise<void> {
    try {
      const id = this.thread.peek()!.id;
      let { items, nextCursor } = await this.requests.messages(id);
      while (!this.store.takeBranch(toTurns(items, null), !nextCursor)) {
        const older = await this.requests.messages(id, { cursor: nextCursor! });
        items = [...older.items, ...items];
        nextCursor = older.nextCursor;
      }
    } catch (error) {
      if (!(error instanceof RequestRefused)) throw error;
      this.notice.value = error.refusal;
    }
  }

  async #followResponse(response: Response): Promise<void> {
    const runId = response.headers.get("location")?.split("/").at(-1) ?? "";
    this.store.changeAnswer(
      (answer) => ({ ...answer, runId }),
      this.#browser.onFrame,
    );
    await this.follow(runId, response);
  }

  async follow(runId: string, response?: Response): Promise<void> {
    const { fetch, page, now, onFrame, requests } = this.#browser;
    this.#heardRunId ??= runId;
    this.#head.mark(true, now());
    let isLost = false;
    const stream = await import("./run_stream.ts").catch(() => null);
    if (stream === null) {
      this.notice.value = NOT_LOADED;
      return;
    }
    const end = await stream.followRun({
      runId,
      response,
      after: this.store.last?.answer?.place ?? null,
      signal: this.#gone.signal,
      fetch,
      page,
      onEvent: (placed) => {
        const { event } = placed.event;
        const { held, text } = this.store.last?.answer ?? {};
        // The attempt ended before it had a word: only the server knows what is left.
        isLost = (event === "done" || event === "error") && text === "" &&
          held !== "";
        this.store.changeAnswer(
          (answer) => stream.withEvent(answer, placed, now()),
          onFrame,
        );
        if (event !== "start") return;
        if (this.isStopping.peek()) void this.#cancel(runId);
        // The first question gives the thread its title.
        const isFirst = this.store.turns.length === 1;
        if (isFirst) void this.#head.askTitle(requests);
      },
    });
    if (end === "aborted") return;
    if (end === "gone" || isLost) await this.reload();
    this.#ended(runId);
  }

  #ended(runId: string): void {
    this.store.flush();
    this.isStopping.value = false;
    this.#head.mark(false, this.#browser.now());
    this.#head.isUnseen = true;
    this.#seen();
    const answer = this.store.last?.answer;
    const heardRunId = this.#heardRunId;
    this.#heardRunId = null;
    if (answer?.status === "failed") {
      this.box.isQueued.value = false;
      announce(`The answer failed. ${answer.error?.message ?? ""}`);
      return;
    }
    announce(answer?.status === "complete" ? "Answer ready" : "Answer stopped");
    if (this.box.isQueued.peek()) this.send();
    else if (heardRunId !== null && heardRunId !== runId) {
      void this.joinRun();
    }
  }

  /** Someone looks at the page: what has ended is read. */
  #seen(): void {
    const { page, requests } = this.#browser;
    if (!page.isHidden()) void this.#head.markRead(requests);
  }

  /** Hears what another page, or the server, did with the thread on view. */
  #take(news: ThreadNews): void {
    const id = this.#head.id;
    if (news.kind === "deleted") {
      if (news.threadId === id) this.notice.value = DELETED;
      return;
    }
    if (news.thread.id !== id) return;
    // It is back: someone took the deletion back.
    if (this.notice.peek() === DELETED) this.notice.value = null;
    this.#head.take(news.thread);
    if (!this.store.isAnswering) this.#seen();
    const { activeRunId } = news.thread;
    if (activeRunId === null || this.begins > 0) return;
    if (this.store.isAnswering) {
      this.#heardRunId = activeRunId;
      return;
    }
    // An interrupted run may go on under its own id.
    const isKnown = this.store.turns.some(({ answer }) =>
      answer?.runId === activeRunId && answer.status !== "interrupted"
    );
    if (!isKnown) void this.joinRun();
  }
}
