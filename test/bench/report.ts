// Figures as people compare them: ours, the peer's of the same run, and the ratio.

export interface Figure {
  readonly what: string
  readonly ours: string
  /** Who did the same in this run, and how. */
  readonly peer?: { readonly name: string; readonly value: string; readonly ratio: number }
  /** What we want it to be. */
  readonly goal?: string
}

/** The value below which a fraction of the samples lie. */
function percentile(samples: readonly number[], fraction: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? Number.NaN
}

export const median = (samples: readonly number[]): number => percentile(samples, 0.5)

/** `2.6 ms p50, 4.7 ms p99 of 300`. */
export function spread(samplesMs: readonly number[]): string {
  return `${milliseconds(median(samplesMs))} p50, ${milliseconds(percentile(samplesMs, 0.99))} p99 of ${samplesMs.length}`
}

export function milliseconds(ms: number): string {
  return ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`
}

/** A Markdown table, ready for the README. */
export function formatFigures(figures: readonly Figure[]): string {
  const rows = figures.map(({ what, ours, peer, goal }) => [
    what,
    ours,
    peer === undefined ? '' : `${peer.name}: ${peer.value}`,
    peer === undefined ? '' : peer.ratio.toPrecision(2),
    goal ?? '',
  ])
  const lines = [
    ['what', 'Tessera', 'peer, same run', 'ours / peer', 'goal'],
    ['---', '---', '---', '---', '---'],
    ...rows,
  ]
  return lines.map(cells => `| ${cells.join(' | ')} |\n`).join('')
}
