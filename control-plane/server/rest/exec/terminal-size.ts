// A terminal's size as Kubernetes clients tell it.

/** `{"Width":80,"Height":24}`; a size nobody can have is passed over, as a terminal would. */
export function terminalSize(json: Buffer): { columns: number; rows: number } | undefined {
  try {
    const size: unknown = JSON.parse(json.toString())
    if (typeof size !== 'object' || size === null || !('Width' in size) || !('Height' in size)) return undefined
    const { Width: columns, Height: rows } = size
    return isTerminalLength(columns) && isTerminalLength(rows) ? { columns, rows } : undefined
  } catch {
    return undefined
  }
}

const isTerminalLength = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 0xffff
