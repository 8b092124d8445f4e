/** Value of the field "Ends" of a key that is changed: it ends when it did. */
export const KEEP_END = "keep";
