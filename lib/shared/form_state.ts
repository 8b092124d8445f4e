/** What a form held when it was refused, and why. */
export interface FormState {
  /** Texts as they were typed, by name of the field. */
  values: Record<string, string>;
  /** What is wrong, by name of the field; under the empty name what concerns all of it. */
  errors: Record<string, string>;
}

/** A form nobody has filled in yet. */
export const EMPTY_FORM: FormState = { values: {}, errors: {} };
