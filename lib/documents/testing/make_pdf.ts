/** Small PDF documents for tests (PDF 32000-1). */

export interface PdfOptions {
  title?: string;
  /** Needs a password that nobody knows. */
  isEncrypted?: boolean;
}

/** @param pages text of each page; null: it has none, only a drawing */
export function makePdf(
  pages: readonly (string | null)[],
  { title, isEncrypted = false }: PdfOptions = {},
): Uint8Array<ArrayBuffer> {
  const objects: string[] = [];
  const add = (body: string) => objects.push(body);
  const kids = pages.map((_, index) => `${4 + index * 2} 0 R`).join(" ");
  add("<< /Type /Catalog /Pages 2 0 R >>");
  add(`<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`);
  add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");
  for (const [index, text] of pages.entries()) {
    const lines = (text ?? "").split("\n").map((line) =>
      `(${line.replace(/[\\()]/g, "\\$&")}) Tj 0 -14 Td`
    );
    const content = text === null
      ? "10 10 m 90 90 l S"
      : `BT /F1 12 Tf 20 280 Td ${lines.join("\n")} ET`;
    add(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents ${
        5 + index * 2
      } 0 R /Resources << /Font << /F1 3 0 R >> >> >>`,
    );
    add(`<< /Length ${content.length} >>\nstream\n${content}\nendstream`);
  }
  const info = title === undefined ? "" : ` /Info ${objects.length + 1} 0 R`;
  if (title !== undefined) add(`<< /Title (${title}) >>`);
  const locked = isEncrypted
    ? ` /Encrypt ${objects.length + 1} 0 R /ID [<${"00".repeat(16)}> <${
      "00".repeat(16)
    }>]`
    : "";
  if (isEncrypted) {
    const key = "ab".repeat(32);
    add(`<< /Filter /Standard /V 1 /R 2 /O <${key}> /U <${key}> /P -4 >>`);
  }
  let file = "%PDF-1.4\n";
  const places = objects.map((body, index) => {
    const place = file.length;
    file += `${index + 1} 0 obj\n${body}\nendobj\n`;
    return place;
  });
  const table = file.length;
  const rows = places.map((place) =>
    `${String(place).padStart(10, "0")} 00000 n \n`
  );
  const size = objects.length + 1;
  file += `xref\n0 ${size}\n0000000000 65535 f \n${rows.join("")}`;
  file += `trailer << /Size ${size} /Root 1 0 R${info}${locked} >>\n`;
  return new TextEncoder().encode(`${file}startxref\n${table}\n%%EOF`);
}
