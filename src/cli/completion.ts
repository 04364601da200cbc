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
  /** Whether a file may come next. */
  readonly takesFiles: boolean
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
  const takesFiles = command.registeredArguments.some(({ argChoices }) => argChoices === undefined)
  return [{ path, words, valued, takesFiles }, ...below.flatMap((child) => placesOf(child, path))]
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
  local files=
  case "$place" in
${places.map(zshCase).join('\n')}
  esac
  if (( $valued[(Ie)$words[CURRENT-1]] )); then _files; return; fi
  [[ -z $files || $words[CURRENT] == -* ]] || _files
  _describe isoflop found
}
if [[ $funcstack[1] == _isoflop ]]; then _isoflop "$@"; else compdef _isoflop isoflop; fi
`

const zshCase = ({ path, words, valued, takesFiles }: Place): string => {
  const found = words.map(({ text, about }) => quoted(`${text.replaceAll(':', '\\:')}:${about}`))
  return `    ${quoted(path)}) files=${takesFiles ? 'yes' : ''}; valued=(${valued.join(' ')}); found=(${found.join(' ')}) ;;`
}

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
  .flatMap((place) => {
    const at = `complete -c isoflop -n ${fishQuoted(`__isoflop_is_at ${place.path}`)}`
    const lines = place.words.map(
      (word) => `${at} ${fishWord(word.text, place.valued.includes(word.text))} -d ${fishQuoted(word.about)}`,
    )
    return place.takesFiles ? lines : [`${at} -f`, ...lines]
  })
  .join('\n')}
`

/** A word as fish takes it; behind one that has a value files are completed. */
function fishWord(text: string, hasValue: boolean): string {
  if (!text.startsWith('-')) return `-a ${text}`
  const name = text.startsWith('--') ? `-l ${text.slice(2)}` : `-s ${text.slice(1)}`
  return hasValue ? `${name} -r -F` : name
}
