import { Argument, Command } from 'commander'
import { examples, notes } from './help.ts'
import { printData } from './print.ts'

const shells = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof shells)[number]

/** `isoflop completion`. */
export function completionCommand(): Command {
  return new Command('completion')
    .summary('what a shell needs to complete commands and options')
    .description('Prints a script that lets a shell complete the commands and options of isoflop.')
    .addArgument(new Argument('<SHELL>', shells.join(', ')).choices(shells))
    .addHelpText(
      'after',
      notes(
        'Where a shell looks for it, once and for all; a new version of isoflop has a new one:',
        'isoflop completion bash > ~/.local/share/bash-completion/completions/isoflop',
        'isoflop completion zsh > "$fpath[1]/_isoflop"',
        'isoflop completion fish > ~/.config/fish/completions/isoflop.fish',
      ),
    )
    .addHelpText('after', examples('source <(isoflop completion bash)'))
    .action((shell: Shell, _, command: Command) => printData(completionScript(shell, rootOf(command))))
}

const rootOf = (command: Command): Command => (command.parent ? rootOf(command.parent) : command)

/** A word that may come next, and what it is. */
interface Word {
  readonly text: string
  readonly about: string
}

/** A command as a shell sees it. */
interface Place {
  /** What was typed to get there: `isoflop keys add`. */
  readonly path: string
  readonly words: readonly Word[]
  /** Options behind which a value comes, most often a file. */
  readonly valued: readonly string[]
}

/** The script of a shell, made of the commands themselves. */
export function completionScript(shell: Shell, program: Command): string {
  const places = placesOf(program, '')
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](places)
}

function placesOf(command: Command, before: string): Place[] {
  const path = `${before} ${command.name()}`.trim()
  const help = command.createHelp()
  const commands = help.visibleCommands(command)
  const options = help.visibleOptions(command)
  const words = [
    ...commands.map((child) => ({ text: child.name(), about: child.summary() || child.description() })),
    ...command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices.map((text) => ({ text, about: '' }))),
    ...options.flatMap(({ long, short, description }) => ({ text: long ?? short ?? '', about: description })),
  ]
  const valued = options
    .filter(({ required, optional }) => required || optional)
    .flatMap(({ long, short }) => [long, short].filter((name) => name != null))
  // `help` is a command of commander's own, below which the others are not told.
  const below = commands.filter((child) => command.commands.includes(child))
  return [{ path, words, valued }, ...below.flatMap((child) => placesOf(child, path))]
}

/** In apostrophes, in which a shell reads everything but an apostrophe as it is. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** Follows the words that were typed, which a shell has as `range` of an array, to the command that they name. (`path` is zsh's own.) */
const followed = (places: readonly Place[], range: string): string => `  local place=isoflop word
  for word in "\${${range}}"; do
    case "$place $word" in
      ${places.slice(1).map(caseOf).join('|')}) place="$place $word" ;;
    esac
  done`

const caseOf = ({ path }: Place): string => quoted(path)

const bashScript = (places: readonly Place[]): string => `# bash completion of isoflop, made by: isoflop completion bash
_isoflop() {
${followed(places, 'COMP_WORDS[@]:1:COMP_CWORD-1')}
  local words=() valued=()
  case "$place" in
${places.map(({ path, words, valued }) => `    ${quoted(path)}) words=(${words.map(({ text }) => text).join(' ')}); valued=(${valued.join(' ')}) ;;`).join('\n')}
  esac
  # Behind an option with a value, and where nothing fits, bash completes files.
  COMPREPLY=()
  [[ " \${valued[*]} " == *" \${COMP_WORDS[COMP_CWORD-1]} "* ]] && return
  COMPREPLY=($(compgen -W "\${words[*]}" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _isoflop isoflop
`

const zshScript = (places: readonly Place[]): string => `#compdef isoflop
# zsh completion of isoflop, made by: isoflop completion zsh
_isoflop() {
${followed(places, '(@)words[2,CURRENT-1]')}
  local -a found valued
  case "$place" in
${places.map(({ path, words, valued }) => `    ${quoted(path)}) valued=(${valued.join(' ')}); found=(${words.map(({ text, about }) => quoted(`${text}:${about}`)).join(' ')}) ;;`).join('\n')}
  esac
  if (( $valued[(Ie)$words[CURRENT-1]] )); then _files; return; fi
  [[ $words[CURRENT] == -* ]] || _files
  _describe isoflop found
}
if [[ $funcstack[1] == _isoflop ]]; then _isoflop "$@"; else compdef _isoflop isoflop; fi
`

/** fish reads \\\\ and \\' within apostrophes. */
const fishQuoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`

const fishScript = (places: readonly Place[]): string => `# fish completion of isoflop, made by: isoflop completion fish
function __isoflop_is_at
  set -l path isoflop
  for word in (commandline -opc)[2..]
    contains -- "$path $word" ${places
      .slice(1)
      .map(({ path }) => fishQuoted(path))
      .join(' ')}
    and set path "$path $word"
  end
  test "$path" = "$argv"
end
${places
  .flatMap(({ path, words, valued }) =>
    words.map(({ text, about }) => {
      const word = text.startsWith('--')
        ? `-l ${text.slice(2)}${valued.includes(text) ? ' -r' : ''}`
        : text.startsWith('-')
          ? `-s ${text.slice(1)}`
          : `-a ${text}`
      return `complete -c isoflop -n ${fishQuoted(`__isoflop_is_at ${path}`)} ${word} -d ${fishQuoted(about)}`
    }),
  )
  .join('\n')}
`
