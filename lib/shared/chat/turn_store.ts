/** The turns on view. What arrives between two frames is drawn once. */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Answer } from "./answer.ts";
import { isAnswering, type Turn, TURNS_AT_ONCE, withLast } from "./turns.ts";

/** Runs a callback before the next frame is drawn, or later. */
export type OnFrame = (callback: () => void, delayMs: number) => void;

/** Length from which drawing costs more than a frame, and how long to wait between drawings then. */
const LONG_CHARACTERS = 50_000;
const LONG_DELAY_MS = 250;

export class TurnStore {
  readonly #shown = signal<Turn[]>([]);
  /** How many turns of the branch come before those that are here. */
  readonly earlier = signal(0);
  /** Newer than what is shown until the next frame. */
  #turns: Turn[];
  #isFrameAsked = false;

  constructor(turns: Turn[], earlier: number) {
    this.#turns = turns;
    this.#shown.value = turns;
    this.earlier.value = earlier;
  }

  /** What components draw. */
  get shown(): ReadonlySignal<Turn[]> {
    return this.#shown;
  }

  /** What is known, drawn or not. */
  get turns(): Turn[] {
    return this.#turns;
  }

  get last(): Turn | undefined {
    return this.#turns.at(-1);
  }

  get isAnswering(): boolean {
    return isAnswering(this.#turns);
  }

  /** Changes the turns and shows them at once. */
  change(change: (turns: Turn[]) => Turn[]): void {
    this.#turns = change(this.#turns);
    this.flush();
  }

  /**
   * Takes a branch, or its end as far back as the turns that are here already; false when it does not
   * reach back that far.
   */
  takeBranch(branch: Turn[], isWhole: boolean): boolean {
    if (isWhole) {
      const most = Math.max(0, branch.length - TURNS_AT_ONCE);
      this.earlier.value = Math.min(this.earlier.peek(), most);
      this.change(() => branch.slice(this.earlier.peek()));
      return true;
    }
    const first = branch[0]?.question.id;
    // A question stands below the same turns wherever it stands.
    const at = this.#turns.findIndex(({ question }) => question.id === first);
    if (at >= 0) this.change((turns) => [...turns.slice(0, at), ...branch]);
    return at >= 0;
  }

  /** Adds turns that come right before the first. */
  addBefore(turns: Turn[]): void {
    this.earlier.value = Math.max(0, this.earlier.peek() - turns.length);
    this.change((shown) => [...turns, ...shown]);
  }

  /** Changes the last answer, and shows it with the next frame. */
  changeAnswer(change: (answer: Answer) => Answer, onFrame: OnFrame): void {
    this.#turns = withLast(this.#turns, (turn) => {
      if (turn.answer === null) return turn;
      const answer = change(turn.answer);
      return answer === turn.answer ? turn : { ...turn, answer };
    });
    if (this.#isFrameAsked || this.#turns === this.#shown.peek()) return;
    this.#isFrameAsked = true;
    const length = this.last?.answer?.text.length ?? 0;
    onFrame(() => {
      this.#isFrameAsked = false;
      this.flush();
    }, length > LONG_CHARACTERS ? LONG_DELAY_MS : 0);
  }

  /** Shows all that is known. */
  flush(): void {
    this.#shown.value = this.#turns;
  }
}
