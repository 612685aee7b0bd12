// Checks who imports whom (.dependency-cruiser.mjs), and that there was anything to check.
import { cruise } from 'dependency-cruiser'
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config'
import configuration from '../.dependency-cruiser.mjs'
import { sources } from './sources.mjs'

const files = sources('.ts')
const { output } = await cruise(
  files,
  { ...configuration.options, ruleSet: { forbidden: configuration.forbidden }, validate: true },
  undefined,
  { tsConfig: extractTSConfig('tsconfig.json') },
)
if (typeof output === 'string') throw new Error('dependency-cruiser answered with text')
const { summary, modules } = output
for (const { rule, from, to } of summary.violations) process.stderr.write(`${rule.name}: ${from} → ${to}\n`)
const ours = modules.filter(module => files.includes(module.source)).length
const edges = modules.reduce((sum, module) => sum + module.dependencies.length, 0)
process.stdout.write(`${ours} modules, ${edges} imports, ${summary.violations.length} violations\n`)
if (ours < files.length || edges < files.length) {
  process.stderr.write(`saw ${ours} of ${files.length} modules: the checker does not understand the sources\n`)
  process.exitCode = 1
}
if (summary.error > 0) process.exitCode = 1
