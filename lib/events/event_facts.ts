/** What is said of an event in the catalogue. */

export interface EventFacts {
  /** When it is told, in a sentence. */
  readonly when: string;
  /** What its subject is. */
  readonly subject: string;
  /** Members of `data`, with what they are. */
  readonly data: Readonly<Record<string, string>>;
  /** Members that may hold words of a person; only that person is told them. */
  readonly personal?: readonly string[];
  /** No pattern stands for it, since it comes very often or is about telling: who wants it has to name it. */
  readonly isNamedOnly?: boolean;
}
