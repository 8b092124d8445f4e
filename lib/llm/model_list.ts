/** What one provider serves: asked once at first use, then kept fresh in the background. */
import type { Provider } from "@/lib/llm/types.ts";

/** How long a list counts as fresh. */
const FRESH_MS = 5 * 60_000;
/** How soon a provider that gave no list, or lacked a model, is asked again. */
const AGAIN_MS = 10_000;
/** How long one question for the list may take. */
const QUESTION_MS = 15_000;

export class ModelList {
  /** Names as the provider gave them; null until it has. */
  private listed: string[] | null = null;
  /** The names that were looked up last, ready to be found. */
  private looked: { names: string[]; set: ReadonlySet<string> } | null = null;
  private asking: Promise<void> | null = null;
  private askedAt = -Infinity;
  private listedAt = -Infinity;

  /**
   * @param configured names from the settings, or null where the provider is asked
   * @param closed ends questions that are under way
   * @param now milliseconds that never go back
   */
  constructor(
    private readonly provider: Provider,
    private readonly configured: string[] | null,
    private readonly closed: AbortSignal,
    private readonly now: () => number,
  ) {}

  /** The names as far as they are known; null when any name may be right. */
  get names(): string[] | null {
    return this.configured ?? this.listed;
  }

  /** Whether a name may be right, as far as that is known. */
  mayHave(name: string): boolean {
    const { names } = this;
    if (names === null) return true;
    // Some providers list thousands, and a list of models looks each of them up.
    if (this.looked?.names !== names) {
      this.looked = { names, set: new Set(names) };
    }
    return this.looked.set.has(name);
  }

  /**
   * Asks for the list where that is due. Resolves when there is something to serve: at once where there
   * was before, while the new list is on its way.
   */
  async refresh(): Promise<void> {
    if (this.configured !== null) return;
    const now = this.now();
    const due = now - this.listedAt > FRESH_MS && now - this.askedAt > AGAIN_MS;
    if (due) void this.ask();
    if (this.listed === null) await this.asking;
  }

  /** Asks again because a model was missing, unless that was done a moment ago. */
  async refreshForMissing(): Promise<void> {
    if (this.configured !== null) return;
    if (this.now() - this.askedAt > AGAIN_MS) void this.ask();
    await this.asking;
  }

  /** Asks now, however fresh the list is. False: the provider gave none, and what was known stays. */
  async refreshNow(): Promise<boolean> {
    if (this.configured !== null) return true;
    const before = this.listedAt;
    await this.ask();
    return this.listedAt !== before;
  }

  /** One question at a time. Never rejects: a provider without a list is served by what is known. */
  private ask(): Promise<void> {
    if (this.closed.aborted) return Promise.resolve();
    this.askedAt = this.now();
    return this.asking ??= this.question().finally(() => this.asking = null);
  }

  private async question(): Promise<void> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), QUESTION_MS);
    try {
      const signal = AbortSignal.any([this.closed, deadline.signal]);
      this.listed = await this.provider.listModels(signal);
      this.listedAt = this.now();
    } catch {
      // Down, slow or without a list: the names known before stay, else any name passes through.
    } finally {
      clearTimeout(timer);
    }
  }
}
