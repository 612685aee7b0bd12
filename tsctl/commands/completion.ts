import { Command, InvalidArgumentError } from 'commander'
import type { Context } from '../context.ts'

const shells = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof shells)[number]

export function completionCommand(context: Context, program: Command): Command {
  return new Command('completion')
    .description('print a script that completes tsctl commands in your shell')
    .argument('<shell>', shells.join(', '), (value): Shell => {
      const shell = shells.find(name => name === value)
      if (shell === undefined) throw new InvalidArgumentError(`expected one of ${shells.join(', ')}.`)
      return shell
    })
    .addHelpText(
      'after',
      '\nExamples:\n  source <(tsctl completion bash)\n  tsctl completion fish > ~/.config/fish/completions/tsctl.fish\n',
    )
    .action((shell: Shell) => void context.stdout.write(scripts[shell](words(program))))
}

interface Words {
  readonly commands: readonly {
    readonly name: string
    readonly description: string
    readonly options: readonly string[]
  }[]
}

function words(program: Command): Words {
  return {
    commands: program.commands.map(command => ({
      name: command.name(),
      description: command.description(),
      options: command.options.flatMap(({ long }) => (long ? [long] : [])),
    })),
  }
}

/** Names of types and objects are asked of the cluster as they are needed. */
const scripts: Record<Shell, (words: Words) => string> = {
  bash: ({ commands }) => `_tsctl() {
  local word=\${COMP_WORDS[COMP_CWORD]} command=\${COMP_WORDS[1]} type=\${COMP_WORDS[2]}
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')}" -- "$word"))
    return
  fi
  if [ "\${COMP_WORDS[COMP_CWORD-1]}" = -f ]; then COMPREPLY=($(compgen -f -- "$word")); return; fi
  case "$word" in
    -*) case "$command" in
${commands.map(({ name, options }) => `      ${name}) COMPREPLY=($(compgen -W "${options.join(' ')}" -- "$word")) ;;`).join('\n')}
    esac; return ;;
  esac
  case "$command" in
    logs|exec) COMPREPLY=($(compgen -W "$(tsctl get pods -o name 2>/dev/null | cut -d/ -f2)" -- "$word")) ;;
    get|describe|delete)
      if [ "$COMP_CWORD" -eq 2 ]; then COMPREPLY=($(compgen -W "$(tsctl api-resources -o name 2>/dev/null)" -- "$word"))
      else COMPREPLY=($(compgen -W "$(tsctl get "$type" -o name 2>/dev/null | cut -d/ -f2)" -- "$word")); fi ;;
  esac
}
complete -o default -F _tsctl tsctl
`,
  zsh: words => `autoload -U +X bashcompinit && bashcompinit\n${scripts.bash(words)}`,
  fish: ({ commands }) => `complete -c tsctl -f
${commands.map(({ name, description }) => `complete -c tsctl -n __fish_use_subcommand -a ${name} -d '${description.replaceAll("'", "\\'")}'`).join('\n')}
${commands.flatMap(({ name, options }) => options.map(option => `complete -c tsctl -n '__fish_seen_subcommand_from ${name}' -l ${option.slice(2)}`)).join('\n')}
complete -c tsctl -n '__fish_seen_subcommand_from get describe delete' -a '(tsctl api-resources -o name 2>/dev/null)'
complete -c tsctl -n '__fish_seen_subcommand_from logs exec' -a '(tsctl get pods -o name 2>/dev/null | string replace -r "^pod/" "")'
`,
}
