// Runs the parts asked for (all by default) and prints their figures as one Markdown table.
import { measureContainerStart } from './container-start.ts'
import { measurePods } from './pods.ts'
import { type Figure, formatFigures } from './report.ts'
import { measureScheduler } from './scheduler.ts'

const parts: Readonly<Record<string, () => Figure[] | Promise<Figure[]>>> = {
  'container-start': measureContainerStart,
  pods: measurePods,
  scheduler: measureScheduler,
}

const wanted = process.argv.slice(2)
const figures: Figure[] = []
for (const [name, measure] of Object.entries(parts)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  process.stderr.write(`measuring ${name} …\n`)
  figures.push(...(await measure()))
}
process.stdout.write(formatFigures(figures))
