/** A model server that answers on this machine and is not in use yet. */
export interface LocalOffer {
  id: string;
  label: string;
  modelCount: number;
}

/** Who answers: the demo, a model, or nobody because no provider says what it serves. */
export type Setup =
  /** `offers` is null for who does not run this server and cannot connect a model. */
  | { kind: "demo"; offers: LocalOffer[] | null }
  | { kind: "ready"; model: string }
  | { kind: "silent" };
