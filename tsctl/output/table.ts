// Text in columns, as kubectl prints them: three spaces apart, headings in capitals.

export interface TextTable {
  readonly headings: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

const gap = 3

/** The text of a table, every line ending in a newline, no trailing blanks. */
export function formatTable({ headings, rows }: TextTable, showHeadings = true): string {
  const widths = columnWidths({ headings, rows }, showHeadings)
  return (showHeadings ? [headings, ...rows] : rows).map(row => formatRow(row, widths)).join('')
}

/** Widths that a first page settles, so that rows which come later (of a watch) stand below them. */
export function columnWidths({ headings, rows }: TextTable, showHeadings = true): number[] {
  return headings.map((heading, index) =>
    Math.max(showHeadings ? heading.length : 0, ...rows.map(row => (row[index] ?? '').length)),
  )
}

export function formatRow(cells: readonly string[], widths: readonly number[]): string {
  const text = cells.map((cell, index) => cell.padEnd((widths[index] ?? 0) + gap)).join('')
  return `${text.trimEnd()}\n`
}
