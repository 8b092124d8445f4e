/** Compares IP addresses with addresses and CIDR ranges (RFC 4632, RFC 4291). */

interface ParsedAddress {
  value: bigint;
  bits: 32 | 128;
}

/** True when `address` is the rule's address or lies in its range; `*` takes every address. */
export function matchesAddress(rule: string, address: string): boolean {
  if (rule === "*" || rule === address) return true;
  const [base, prefixText] = rule.split("/");
  const range = parseAddress(base);
  const target = parseAddress(address);
  if (range === null || target === null || range.bits !== target.bits) {
    return false;
  }
  const prefix = prefixText === undefined ? range.bits : Number(prefixText);
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > range.bits) {
    return false;
  }
  const shift = BigInt(range.bits - prefix);
  return range.value >> shift === target.value >> shift;
}

function parseAddress(text: string): ParsedAddress | null {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text);
  if (mapped !== null) return parseIpv4(mapped[1]);
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): ParsedAddress | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  let value = 0n;
  for (const part of parts) {
    const number = /^\d{1,3}$/.test(part) ? Number(part) : 256;
    if (number > 255) return null;
    value = value << 8n | BigInt(number);
  }
  return { value, bits: 32 };
}

function parseIpv6(text: string): ParsedAddress | null {
  const [withoutZone] = text.split("%");
  const halves = withoutZone.split("::");
  if (halves.length > 2) return null;
  const head = groupsOf(halves[0]);
  const tail = halves.length === 2 ? groupsOf(halves[1]) : [];
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...new Array(missing).fill("0"), ...tail];
  let value = 0n;
  for (const group of groups) {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return null;
    value = value << 16n | BigInt(`0x${group}`);
  }
  return { value, bits: 128 };
}

function groupsOf(text: string): string[] {
  return text === "" ? [] : text.split(":");
}
