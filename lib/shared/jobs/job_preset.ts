/** A job that a person may begin by a button. */
export interface JobPreset {
  kind: string;
  title: string;
  /** A sentence of what it does. */
  text: string;
}
