/** A model server that answers on this machine and is not in use yet. */
export interface LocalOffer {
  id: string;
  label: string;
  modelCount: number;
}

/** Who answers: the demo, a model, or nobody because no provider says what it serves. */
export type Setup =
  | { kind: "demo"; offers: LocalOffer[] }
  | { kind: "ready"; model: string }
  | { kind: "silent" };
