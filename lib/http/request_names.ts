/** What the people and keys of requests are called; each is read once. */
import type { Services } from "@/lib/services.ts";
import type { KnownNames } from "./request_query.ts";

/** People and keys of one page or answer. */
const MAX_NAMES = 500;

export class RequestNames implements KnownNames {
  readonly #services: Pick<Services, "users" | "apiKeys">;
  readonly #workspace: string;
  readonly #names = new Map<string, { name: string; text: string }>();

  constructor(
    services: Pick<Services, "users" | "apiKeys">,
    workspace: string,
  ) {
    this.#services = services;
    this.#workspace = workspace;
  }

  /**
   * Reads the names of those that are not known.
   * @param haveToBe whether they are read however many they are
   * @returns false: they are too many for one answer
   */
  async learn(
    requests: readonly { user: string | null; key: string | null }[],
    haveToBe = false,
  ): Promise<boolean> {
    const users = this.#unknown(requests.map(({ user }) => user));
    const keys = this.#unknown(requests.map(({ key }) => key));
    const all = this.#names.size + users.length + keys.length;
    if (all > MAX_NAMES && !haveToBe) return false;
    const { apiKeys } = this.#services;
    const [accounts, named] = await Promise.all([
      users.length === 0 ? [] : this.#services.users.accounts(users),
      keys.length === 0 ? [] : apiKeys.named(this.#workspace, keys),
    ]);
    for (const id of [...users, ...keys]) {
      this.#names.set(id, { name: "", text: "" });
    }
    for (const { id, name, email } of accounts) {
      this.#names.set(id, {
        name: email || name,
        text: `${name} ${email ?? ""}`,
      });
    }
    for (const { id, name } of named) this.#names.set(id, { name, text: name });
    return true;
  }

  textOf(id: string): string {
    return this.#names.get(id)?.text ?? "";
  }

  /** What to call a user or a key; null: nothing is known of them any more. */
  nameOf(id: string): string | null {
    return this.#names.get(id)?.name || null;
  }

  #unknown(ids: readonly (string | null)[]): string[] {
    const unknown = ids.filter((id): id is string =>
      id !== null && !this.#names.has(id)
    );
    return [...new Set(unknown)];
  }
}
