/** Id of the dialog that lists the keys; a shortcut opens it. */
export const KEYS_DIALOG_ID = "keys";
