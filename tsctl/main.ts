#!/usr/bin/env node
// tsctl: the cluster from a terminal. Names and flags are kubectl's wherever kubectl has them.
import { Command } from 'commander'
import { processSignal } from '../lib/abort.ts'
import { apiResourcesCommand } from './commands/api-resources.ts'
import { applyCommand } from './commands/apply.ts'
import { completionCommand } from './commands/completion.ts'
import { createCommand } from './commands/create.ts'
import { deleteCommand } from './commands/delete.ts'
import { describeCommand } from './commands/describe.ts'
import { execCommand } from './commands/exec.ts'
import { getCommand } from './commands/get.ts'
import { imageCommand } from './commands/image.ts'
import { kubeconfigCommand } from './commands/kubeconfig.ts'
import { logsCommand } from './commands/logs.ts'
import { versionCommand } from './commands/version.ts'
import { createContext, type GlobalOptions } from './context.ts'
import { explainError } from './errors.ts'

const program = new Command('tsctl')
  .description('Tessera from a terminal: apply, look at and remove what runs in a cluster.')
  .option('-n, --namespace <name>', "instead of the kubeconfig's namespace")
  .option('--kubeconfig <file>', 'instead of $TESSERA_KUBECONFIG, $KUBECONFIG or /var/lib/tessera/pki/admin.kubeconfig')
  .option('--context <name>', "instead of the kubeconfig's current one")
  .enablePositionalOptions()
  .showHelpAfterError('(--help tells more)')
  .addHelpText(
    'after',
    '\nExamples:\n  tsctl apply -f manifests/pod.yaml\n  tsctl get pods -o wide\n  tsctl logs -f clock\n  tsctl exec -it hello -- sh\n',
  )

const signal = processSignal()
/** --namespace may stand before or behind the command, as with kubectl. */
let command: Command = program
using context = createContext(() => command.optsWithGlobals<GlobalOptions>(), signal)

const commands = [
  applyCommand,
  createCommand,
  getCommand,
  describeCommand,
  deleteCommand,
  logsCommand,
  execCommand,
  imageCommand,
  apiResourcesCommand,
  kubeconfigCommand,
  versionCommand,
].map(make => make(context))
for (const each of [...commands, completionCommand(context, program)]) program.addCommand(withGlobals(each))
program.hook('preAction', (_, actor) => {
  command = actor
})

try {
  await program.parseAsync()
} catch (error) {
  if (!signal.aborted) {
    process.stderr.write(`${explainError(error)}\n`)
    context.exitCode = 1
  }
}
process.exitCode = signal.aborted ? 130 : context.exitCode

/** The global options, accepted behind the command too. */
function withGlobals(child: Command): Command {
  for (const { flags, description } of program.options) {
    const taken = child.options.some(option => flags.startsWith(`${option.short ?? option.long ?? ''},`))
    if (!taken) child.option(flags, description)
  }
  return child
}
