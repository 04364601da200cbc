import type { Pins } from '../../space/pinned.ts'

/** What is supposed instead of what a campaign has. */
export interface Supposition {
  readonly target: number | null
  readonly strategy: string | null
  readonly pins: Pins
  readonly dropped: number
}

/** An option's value that needs no quoting. */
const plainOut = / --out[ =]([\w./-]+)(?= |$)/

/**
 * The command of a campaign with another target or law, which takes its runs along into a folder of its own; null where no command says it: of runs that
 * are left out, of a rate that is held, and where the campaign's own command is not known, sends a prediction, or has a folder that needs quoting.
 */
export function supposedCommand(command: string, { target, strategy, pins, dropped }: Supposition): string | null {
  if ((target === null && strategy === null) || dropped > 0 || Object.keys(pins).length > 0) return null
  if (!command.includes(' campaign') || / --(submit|pool)\b/.test(command)) return null
  const out = command.includes(' --out') ? plainOut.exec(command)?.[1] : 'out'
  if (out === undefined) return null
  const name = [target === null ? '' : target.toExponential().replace('e+', 'e'), strategy ?? '']
  const options = [
    `--runs ${out}/campaign.jsonl`,
    ...(target === null ? [] : [`--target ${name[0]}`]),
    ...(strategy === null ? [] : [`--strategy ${strategy}`]),
    `--out ${out}-${name.filter((part) => part !== '').join('-')}`,
  ]
  return `${command.replace(plainOut, '')} ${options.join(' ')}`
}
