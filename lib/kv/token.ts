const TOKEN_BYTES = 16;

/** A fresh random token, 128 bits in 22 characters. Two writes never share one. */
export function newToken(): string {
  return crypto.getRandomValues(new Uint8Array(TOKEN_BYTES))
    .toBase64({ alphabet: "base64url", omitPadding: true });
}
